"""docs/design/configuration.md, "Names and values": names of clients and users are exact."""

from pathlib import Path

import pytest

from chassis.config import ConfigSource
from unit.chassis.config.config_kit import load, refusal, source


@pytest.mark.parametrize("name", ["ORDER_Service", "order-service", "Al-Ice", "alice"])
def test_a_name_is_used_exactly_as_written(tmp_path: Path, name: str) -> None:
    assert list(load(source(tmp_path, f"accounts: {{{name}: {{level: 1}}}}")).accounts) == [name]


@pytest.mark.parametrize(
    ("one", "other"), [("ORDER_Service", "order-service"), ("Al-Ice", "alice"), ("a_b", "ab")]
)
@pytest.mark.parametrize("secret", [False, True])
def test_names_that_differ_only_in_case_or_dashes_are_refused(
    tmp_path: Path, one: str, other: str, *, secret: bool
) -> None:
    """Regression: they became one identity, with the password of one and rights of the other."""
    text = f"accounts:\n  {one}: {{level: 1}}\n"
    beside = {"more.yaml": f"accounts: {{{other}: {{level: 2}}}}"} if secret else {}
    said = refusal(
        source(tmp_path, text + ("" if secret else f"  {other}: {{level: 2}}"), secrets=beside)
    )

    place = "more.yaml:1" if secret else "application.yaml:3"
    assert said.startswith(
        f"{place}: accounts.{other}: differs from {one} (application.yaml:2) only in case, dashes"
    )


@pytest.mark.parametrize(
    "name",
    [
        *(
            "my.app",
            "my.level",
            "a.b.c.password",
            "alice smith",
            "*",
            "a*b",
            "#1",
            "alice@host.org",
        ),
        *("'", '"', "[x]y", "x[0]", ".", "a..b", "a.", "Ünï", "true", "null", "1.0", "${x}"),
    ],
)
def test_a_name_may_contain_dots_spaces_and_punctuation(tmp_path: Path, name: str) -> None:
    quoted = "'" + name.replace("'", "''") + "'"
    text = f"accounts:\n  {quoted}:\n    level: 3\n    password: p\n"
    accounts = load(source(tmp_path, text)).accounts

    assert list(accounts) == [name]
    assert accounts[name].level == 3


@pytest.mark.parametrize(
    "text",
    [
        "accounts.my.app.level: 3",
        "accounts: {my.app.level: 3}",
        "accounts.my.app: {level: 3}",
        'accounts: {"[my.app]": {level: 3}}',
        "'accounts.[my.app].level': 3",
    ],
)
def test_a_dotted_name_is_the_same_in_every_notation(tmp_path: Path, text: str) -> None:
    accounts = load(source(tmp_path, text)).accounts

    assert [(name, account.level) for name, account in accounts.items()] == [("my.app", 3)]


def test_names_with_a_common_prefix_are_not_mixed_up(tmp_path: Path) -> None:
    text = "accounts: {al: {level: 1}, al.x: {level: 2}, Al.y: {level: 3}, al.level: {level: 4}}"
    accounts = load(source(tmp_path, text)).accounts

    assert {name: account.level for name, account in accounts.items()} == {
        "al": 1,
        "al.x": 2,
        "Al.y": 3,
        "al.level": 4,
    }


def test_a_file_of_the_secret_may_name_a_dotted_account(tmp_path: Path) -> None:
    found = source(
        tmp_path, "accounts: {my.app: {level: 3}}", secrets={"accounts.my.app.password": "p"}
    )
    account = load(found).accounts["my.app"]

    assert (account.level, account.password is not None) == (3, True)


def test_a_later_document_overrides_only_the_same_name(tmp_path: Path) -> None:
    default = "accounts: {my.app: {level: 1, password: p}}"
    text = f"{default}\n---\nspring.profiles: dev\naccounts: {{my.app: {{level: 2}}}}"
    account = load(source(tmp_path, text, profiles=("dev",))).accounts["my.app"]

    assert (account.level, account.password is not None) == (2, True)


def test_a_variable_means_the_lower_case_name_and_no_other(tmp_path: Path) -> None:
    variable = {"DEMO_SERVICE__ACCOUNTS__ORDER_SERVICE__LEVEL": "2"}
    said = refusal(source(tmp_path, "accounts: {order-service: {level: 1}}", environ=variable))

    assert "accounts.order_service: differs from order-service (application.yaml:1)" in said
    assert list(load(ConfigSource("demo-service", environ=variable)).accounts) == ["order_service"]


def test_an_invalid_value_is_reported_under_the_name_as_written(tmp_path: Path) -> None:
    said = refusal(source(tmp_path, "accounts:\n  my_app.x:\n    level: many"))

    assert said.startswith("application.yaml:3: accounts.my_app.x.level: ")
