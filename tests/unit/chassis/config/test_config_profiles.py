"""docs/design/configuration.md, "Profiles": expressions, and where active profiles come from."""

import pytest

from chassis.config import ConfigError, ConfigSource
from chassis.config.documents import matches
from eventually import PATIENCE_S

IN_CLUSTER = {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}


@pytest.mark.parametrize(
    ("expression", "active", "holds"),
    [
        ("dev", ("dev",), True),
        ("dev", ("prod",), False),
        ("!prod", ("dev",), True),
        ("!prod", ("prod",), False),
        ("dev & kubernetes", ("dev",), False),
        ("dev & kubernetes", ("kubernetes", "dev"), True),
        ("dev | test", ("test",), True),
        ("a | b & c", ("a",), True),
        ("(a | b) & c", ("a",), False),
        ("(a | b) & c", ("b", "c"), True),
        ("!(a | b)", ("c",), True),
        ("!!a", ("a",), True),
    ],
)
def test_a_profile_expression_is_evaluated(
    expression: str, active: tuple[str, ...], *, holds: bool
) -> None:
    assert matches([expression], active) is holds


def test_a_list_of_expressions_holds_if_one_of_them_holds() -> None:
    assert matches(["dev", "!kubernetes"], ("kubernetes", "dev"))


@pytest.mark.timeout(PATIENCE_S)
@pytest.mark.bound("profile-expression")
def test_white_space_takes_linear_time() -> None:
    with pytest.raises(ValueError, match="too long"):
        matches(["dev" + " " * 300_000], ("dev",))


@pytest.mark.parametrize("expression", ["", "a &", "& a", "(a", "a)", "a b", "!", "()"])
def test_an_invalid_expression_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="invalid profile expression"):
        matches([expression], ("a",))


@pytest.mark.parametrize(
    ("argv", "environ", "expected"),
    [
        ([], {}, ()),
        (["--profiles=dev"], {"PROFILES_ACTIVE": "test"}, ("dev",)),
        ([], {"PROFILES_ACTIVE": "dev, test", "SPRING_PROFILES_ACTIVE": "x"}, ("dev", "test")),
        ([], {"SPRING_PROFILES_ACTIVE": "dev"}, ("dev",)),
        ([], IN_CLUSTER | {"PROFILES_ACTIVE": "dev"}, ("kubernetes", "dev")),
        ([], IN_CLUSTER | {"PROFILES_ACTIVE": "kubernetes,dev"}, ("kubernetes", "dev")),
    ],
)
def test_active_profiles_come_from_the_flag_or_else_the_environment(
    argv: list[str], environ: dict[str, str], expected: tuple[str, ...]
) -> None:
    assert ConfigSource.from_process("demo", argv, environ).profiles == expected


def test_an_invalid_profile_name_is_refused() -> None:
    with pytest.raises(ConfigError, match="invalid profile name 'de v'"):
        ConfigSource.from_process("demo", ["--profiles=de v"], {})
