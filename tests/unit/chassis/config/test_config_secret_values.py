"""docs/design/configuration.md, "Names and values": a Secret is never shown."""

from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from chassis.config import ConfigError, LiveConfig, Section, ServiceSettings
from unit.chassis.config.config_kit import DemoSettings, load, refusal, source

SECRETS = {
    "redis-password": "hidden-1",
    "identities.yaml": "token: hidden-2\ndeep: {inner: [hidden-3]}\ngreeting.message: hidden-4",
    "security.oauth2.client.client-secret": "hidden-5",
}


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("version: ${redis-password}", "version"),
        ("version: ${redisPassword}", "version"),
        ("version: x${token}y", "version"),
        ("version: ${nowhere:${token}}", "version"),
        ("version: ${a}\na: ${b}\nb: ${token}", "version"),
        ("version: ${deep.inner}", "version"),
        ("version: ${greeting.message}", "version"),
        ("version: ${security.oauth2.client.client-secret}", "version"),
        ("greeting.words: [a, '${token}']", "greeting.words"),
        ("greeting.words: ${deep.inner}", "greeting.words"),
        ("logging.level: {root: '${token}'}", "logging.level.root"),
        ("accounts: {alice: {level: '${token}'}}", "accounts.alice.level"),
        ("members: [{level: '${token}'}]", "members.level"),
        ("spring.application.name: ${token}", "spring.application.name"),
        ("security.oauth2.client.client-id: ${token}", "security.oauth2.client.client-id"),
    ],
)
def test_a_placeholder_may_not_copy_a_secret_into_a_public_setting(
    tmp_path: Path, written: str, key: str
) -> None:
    said = refusal(source(tmp_path, f"\n\n{written}", secrets=SECRETS))

    assert said.startswith(f"application.yaml:3: {key}: would expose a value of a mounted Secret")
    assert "hidden" not in said


@pytest.mark.parametrize(
    "written",
    ["accounts: {alice: {password: 'x${token}'}}", "members: [{password: '${redis-password}'}]"],
)
def test_a_placeholder_may_copy_a_secret_into_a_secret_setting(
    tmp_path: Path, written: str
) -> None:
    settings = load(source(tmp_path, written, secrets=SECRETS))
    accounts = [*settings.accounts.values(), *settings.members]

    assert [account.password is not None for account in accounts] == [True]


@pytest.mark.parametrize(
    ("environ", "arguments"),
    [
        ({"DEMO_SERVICE__VERSION": "${token}"}, {}),
        ({}, {"version": "${redis-password}"}),
    ],
)
def test_neither_variables_nor_flags_may_copy_a_secret(
    tmp_path: Path, environ: dict[str, str], arguments: dict[str, str]
) -> None:
    found = source(tmp_path, "flag: true", secrets=SECRETS, environ=environ, arguments=arguments)

    assert "would expose a value of a mounted Secret" in refusal(found)


def test_documents_of_the_secret_may_set_any_setting(tmp_path: Path) -> None:
    assert load(source(tmp_path, "flag: true", secrets=SECRETS)).greeting.message == "hidden-4"


def test_a_name_that_comes_from_the_secret_is_not_shown(tmp_path: Path) -> None:
    names = {"spring.application.name": "hidden"}
    current = LiveConfig.load(source(tmp_path, "flag: true", secrets=names), DemoSettings).current
    shown = LiveConfig.load(
        source(tmp_path, "spring.application.name: shown"), DemoSettings
    ).current

    assert (current.settings.spring.application.name, current.name) == ("hidden", None)
    assert shown.name == "shown"


class Vault(Section):
    keys: dict[str, SecretStr] = {}  # noqa: RUF012 - pydantic copies it
    several: tuple[SecretStr, ...] = ()
    either: SecretStr | None = None
    hashes: tuple[str, ...] = Field(default=(), repr=False)
    open_keys: dict[str, str] = {}  # noqa: RUF012 - likewise


class VaultSettings(ServiceSettings):
    vault: Vault = Vault()


@pytest.mark.parametrize(
    "written", ["keys: {a: '${t}'}", "several: ['${t}']", "either: '${t}'", "hashes: ['${t}']"]
)
def test_a_secret_type_counts_as_secret_in_every_container(tmp_path: Path, written: str) -> None:
    found = source(tmp_path, f"vault: {{{written}}}", secrets={"t": "x"})

    assert LiveConfig.load(found, VaultSettings).settings.vault != Vault()
    with pytest.raises(ConfigError, match="would expose"):
        LiveConfig.load(
            source(tmp_path, "vault: {open-keys: {a: '${t}'}}", secrets={"t": "x"}), VaultSettings
        )


@pytest.mark.parametrize(
    "text",
    [
        "accounts.alice.password: !hidden",
        "accounts: {alice: {password: !<hidden> x}}",
        "accounts: {alice: {password: *hidden}}",
        "flag: hidden",
        "server: hidden",
        "server.port: hidden",
        "server.forwarded.trusted-proxies: hidden",
        "server.forwarded.trusted-proxies: 10.1.2.3/8",
        "server.cors.allowed-origins: hidden",
        "spring.config.activate.on-profile: hidden hidden",
        "spring.profiles: '${hidden}'",
        "client.timeout: hidden",
    ],
)
def test_a_refused_document_of_a_secret_shows_none_of_its_values(tmp_path: Path, text: str) -> None:
    """A generated password may start with `!`, which YAML reads as a tag."""
    said = refusal(source(tmp_path, "flag: true", secrets={"identities.yaml": text}))

    assert said.startswith("identities.yaml:1: ")
    assert "hidden" not in said
    assert "10.1.2.3/8" not in said
