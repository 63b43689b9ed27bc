"""docs/configuration.md, "Where values come from": the order of the sources."""

from pathlib import Path

import pytest

from chassis.config import ConfigError, ConfigSource
from unit.chassis.config.config_kit import load, refusal, source

DOCUMENTS = "greeting.message: default\n---\nspring.profiles: dev\ngreeting.message: profile"
PREFIXED = {"DEMO_SERVICE__GREETING__MESSAGE": "environment"}
SECRET = {"greeting.message": "secret\n"}


def test_each_source_overrides_the_next(tmp_path: Path) -> None:
    flag = {"greeting.message": "flag"}
    layers = [
        source(tmp_path, DOCUMENTS, profiles=("dev",)),
        source(tmp_path, DOCUMENTS, profiles=("dev",), secrets=SECRET),
        source(tmp_path, DOCUMENTS, secrets=SECRET, environ=PREFIXED),
        source(tmp_path, DOCUMENTS, secrets=SECRET, environ=PREFIXED, arguments=flag),
    ]

    found = [load(layer).greeting.message for layer in layers]

    assert found == ["profile", "secret", "environment", "flag"]


def test_the_environment_names_shared_sections_without_the_services_prefix() -> None:
    environ = {"DISCOVERY__MODE": "static", "CLIENT__SOURCE_ADDRESS": "127.0.0.9"}
    settings = load(ConfigSource("demo-service", environ=environ))

    assert (settings.discovery.mode, settings.client.source_address) == ("static", "127.0.0.9")


def test_the_prefixed_variable_wins() -> None:
    environ = {"SERVER__PORT": "1", "DEMO_SERVICE__SERVER__PORT": "2", "OTHER__SERVER__PORT": "3"}

    assert load(ConfigSource("demo-service", environ=environ)).server.port == 2


def test_unprefixed_variables_of_other_sections_are_ignored() -> None:
    environ = {"GREETING__MESSAGE": "x", "GREETING": "y", "__": "z", "SERVER__": "w"}

    assert load(ConfigSource("demo-service", environ=environ)).greeting.message == "Hello"


def test_a_variable_may_hold_a_list_or_an_object() -> None:
    environ = {
        "DEMO_SERVICE__GREETING__WORDS": '["a", "b"]',
        "DEMO_SERVICE__ACCOUNTS": '{"alice": {"level": 3}}',
        "DEMO_SERVICE__VERSION": "[no: list: at all]",
    }
    settings = load(ConfigSource("demo-service", environ=environ))

    assert settings.greeting.words == ("a", "b")
    assert settings.accounts["alice"].level == 3
    assert settings.version == "[no: list: at all]"


def test_an_invalid_variable_is_named() -> None:
    said = refusal(ConfigSource("demo-service", environ={"SERVER__PORT": "many"}))

    assert said.startswith("environment variable SERVER__PORT: server.port: ")
    assert "many" not in said


def test_a_secret_file_is_one_key_and_a_yaml_secret_a_tree(tmp_path: Path) -> None:
    secrets = {
        "security.oauth2.client.client-secret": "s3cret\n",
        "identities.yaml": "accounts: {alice: {level: 1}}\n---\n"
        "spring.profiles: dev\naccounts: {bob: {level: 2}}",
    }
    settings = load(source(tmp_path, "flag: true", secrets=secrets, profiles=("dev",)))
    secret = settings.security.oauth2.client.client_secret

    assert secret is not None
    assert secret.get_secret_value() == "s3cret"
    assert set(settings.accounts) == {"alice", "bob"}


def test_a_binary_secret_file_is_ignored(tmp_path: Path) -> None:
    found = source(tmp_path, "flag: true", secrets={"x": "y"})
    (tmp_path / "secrets" / "store.p12").write_bytes(b"\xff\xfe\x00")

    assert load(found).flag


def test_a_binary_configuration_file_is_refused(tmp_path: Path) -> None:
    found = source(tmp_path, "flag: true")
    (tmp_path / "config" / "application.yaml").write_bytes(b"flag: \xff")

    assert refusal(found) == "application.yaml: not UTF-8 text"


def test_directories_come_from_the_environment_and_may_be_absent(tmp_path: Path) -> None:
    environ = {"CONFIG_DIR": str(tmp_path / "a"), "SECRETS_DIR": str(tmp_path / "b")}
    found = ConfigSource.from_process("demo-service", ["--server.port=7"], environ)

    assert load(found).server.port == 7
    assert (found.config_dir, found.secrets_dir) == (tmp_path / "a", tmp_path / "b")


@pytest.mark.parametrize("argument", ["--port", "port=1", "-p", "--=1", "--a..b=1"])
def test_an_unknown_command_line_option_is_refused(argument: str) -> None:
    with pytest.raises(ConfigError, match="write settings as --key=value"):
        ConfigSource.from_process("demo", [argument], {})


def test_the_repr_of_a_source_shows_neither_secrets_nor_environment() -> None:
    found = ConfigSource("demo", environ={"A": "hidden"}, arguments={"b": "hidden"})

    assert "hidden" not in repr(found)
