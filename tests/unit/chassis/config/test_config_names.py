"""docs/design/configuration.md, "Names and values": relaxed names denote one key."""

from pathlib import Path

import pytest

from chassis.config import ConfigSource, LiveConfig
from unit.chassis.config.config_kit import DemoSettings, load, refusal, source


@pytest.mark.parametrize("name", ["client-id", "clientId", "client_id", "CLIENT_ID"])
def test_spellings_of_a_name_are_one_key(tmp_path: Path, name: str) -> None:
    text = f"security: {{oauth2: {{client: {{{name}: me, client-secret: s}}}}}}"

    assert load(source(tmp_path, text)).security.oauth2.client.client_id == "me"


def test_a_later_spelling_overrides_an_earlier_one(tmp_path: Path) -> None:
    text = "security.oauth2.resource.load-balanced: false"
    beside = "security: {oauth2: {resource: {loadBalanced: true}}}"
    found = source(tmp_path, text, profiles=("dev",), application_dev=beside)

    assert load(found).security.oauth2.resource.load_balanced


def test_dotted_keys_are_nested_keys(tmp_path: Path) -> None:
    assert load(
        source(tmp_path, "spring.redis.sentinel.nodes: a:1,b:2")
    ).spring.redis.sentinel.nodes


def test_names_of_loggers_keep_their_dots(tmp_path: Path) -> None:
    text = "logging.level: {root: INFO, chassis.config: DEBUG, org: {springframework: OFF}}"

    assert load(source(tmp_path, text)).logging.level == {
        "root": "INFO",
        "chassis.config": "DEBUG",
        "org.springframework": "OFF",
    }


def test_names_in_brackets_keep_their_dots(tmp_path: Path) -> None:
    accounts = load(source(tmp_path, 'accounts: {"[a.smith]": {level: 1}}')).accounts

    assert accounts["a.smith"].level == 1


def test_lists_hold_sections_with_relaxed_names(tmp_path: Path) -> None:
    text = "mine: x\nmembers: [{Pass-Word: '${mine}'}, {level: 2}]"
    members = load(source(tmp_path, text)).members

    assert members[0].password is not None
    assert members[0].password.get_secret_value() == "x"
    assert members[1].level == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "security:\n  path:\n    ignore: /",
            "application.yaml:3: security.path.ignore: unknown setting; did you mean ignores?",
        ),
        (
            "flag: true\nsecruity: {path: {ignores: /}}",
            "application.yaml:2: secruity: unknown setting; did you mean security?",
        ),
        (
            "discovery:\n  zzz: 1",
            (
                "application.yaml:2: discovery.zzz: unknown setting; known names: "
                "cluster-domain, mode, namespaces, table"
            ),
        ),
        (
            "accounts: {alice: {lvel: 1}}",
            "application.yaml:1: accounts.alice.lvel: unknown setting; did you mean level?",
        ),
        (
            "members: [{lvel: 1}]",
            "application.yaml:1: members.lvel: unknown setting; did you mean level?",
        ),
    ],
)
def test_a_misspelled_name_is_refused_with_a_suggestion(
    tmp_path: Path, text: str, said: str
) -> None:
    assert refusal(source(tmp_path, text)) == said


def test_spring_settings_without_effect_are_listed_without_their_values(tmp_path: Path) -> None:
    text = (
        "spring: {datasource: {password: hidden}, redis: {lettuce.pool.max: 8}}\n"
        "management: {endpoint.health.show-details: ALWAYS}\n"
        "server: {tomcat.threads.max: 10}\nlogging: {file.name: x}\nfeign: {hystrix: {on: true}}\n"
    )
    ignored = LiveConfig.load(source(tmp_path, text), DemoSettings).current.ignored

    assert ignored == (
        "feign",
        "logging.file.name",
        "management.endpoint.health.show-details",
        "server.tomcat.threads.max",
        "spring.datasource.password",
        "spring.redis.lettuce.pool.max",
    )


def test_a_section_with_all_keys_commented_out_has_its_defaults(tmp_path: Path) -> None:
    assert load(source(tmp_path, "security:\nflag: true")).security.path.ignores == ()


def test_a_source_without_directories_has_the_defaults() -> None:
    assert load(ConfigSource("demo")).server.port == 8080
