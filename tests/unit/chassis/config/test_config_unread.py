"""docs/design/configuration.md, "An edit does what it says": sources that are not read."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from chassis.config import ConfigSource, LiveConfig, Snapshot
from chassis.testing import ConfigDirectory
from unit.chassis.config.config_kit import DemoSettings, load, refusal, source


def _snapshot(found: ConfigSource) -> Snapshot[DemoSettings]:
    return LiveConfig.load(found, DemoSettings).current


def test_unread_configuration_files_are_named(tmp_path: Path) -> None:
    found = source(tmp_path, "flag: true", profiles=("dev",), application_dev="version: dev")
    for name in (
        *("application-dev.properties", "application-Dev.yaml", "application.yml~", "flag"),
        *("application-prod.yaml", "application.yaml.bak", "Application.yaml", ".application.yaml"),
    ):
        (tmp_path / "config" / name).write_text("flag: [not even read")

    assert sorted(_snapshot(found).unread) == [
        ".application.yaml",
        "Application.yaml",
        "application-Dev.yaml",
        "application-dev.properties",
        "application-prod.yaml",
        "application.yaml.bak",
        "application.yml~",
        "flag",
    ]


def test_unread_variables_of_spring_are_named_without_their_values() -> None:
    environ = {
        "SPRING_APPLICATION_JSON": '{"password": "hidden"}',
        "SPRING_DATASOURCE_URL": "hidden",
        "SPRING_PROFILES_ACTIVE": "dev",
        "SPRING__REDIS__HOST": "redis",
        "PATH": "/bin",
    }
    found = ConfigSource.from_process(
        "demo", [], environ | {"CONFIG_DIR": "/x", "SECRETS_DIR": "/x"}
    )

    assert _snapshot(found).unread == (
        "environment variable SPRING_APPLICATION_JSON",
        "environment variable SPRING_DATASOURCE_URL",
    )


@pytest.mark.parametrize(
    "name",
    [
        *("client.crt", "security.jks", "server.key", "accounts.p12", "spring.redis", "client"),
        *("management.pem", "greeting.txt", "logging", "identities.yaml.txt", ".dockerconfigjson"),
        *("security.oauth2.client.client-secret.bak", "a..b", "version.old", "accounts.bob.key"),
    ],
)
@pytest.mark.parametrize("content", [b"\x30\x82\xff\xfe\x00", b"text"])
def test_a_file_of_the_secret_that_names_no_setting_is_ignored_and_named(
    tmp_path: Path, name: str, content: bytes
) -> None:
    found = source(
        tmp_path,
        "server.port: 7\ngreeting.message: hi\naccounts: {alice: {level: 1}}\nversion: '1'",
        secrets={"security.oauth2.client.client-secret": "s"},
    )
    (tmp_path / "secrets" / name).write_bytes(content)
    snapshot = _snapshot(found)

    assert snapshot.unread == (name,)
    assert snapshot.settings.server.port == 7
    assert snapshot.settings.greeting.message == "hi"
    assert set(snapshot.settings.accounts) == {"alice"}


def test_a_file_that_a_placeholder_names_is_read(tmp_path: Path) -> None:
    text = "accounts: {alice: {password: '${client.key}'}}"
    snapshot = _snapshot(source(tmp_path, text, secrets={"client.key": "s3cret\n", "other": "x"}))
    password = snapshot.settings.accounts["alice"].password

    assert password is not None
    assert password.get_secret_value() == "s3cret"
    assert snapshot.unread == ("other",)


def test_unread_sources_are_logged_once(tmp_path: Path) -> None:
    with capture_logs() as lines:
        _snapshot(source(tmp_path, "flag: true", secrets={"client.crt": "x"}))

    assert [line["names"] for line in lines if "unused files" in line["event"]] == [["client.crt"]]


@pytest.mark.anyio
async def test_a_reload_logs_only_new_unread_sources(tmp_path: Path) -> None:
    volume = ConfigDirectory(tmp_path / "v", {"application.yaml": "flag: true", "a": ""})
    live = LiveConfig.load(ConfigSource("demo", volume.path), DemoSettings)
    volume.swap({"application.yaml": "flag: false", "a": "", "b": ""})
    with capture_logs() as lines:
        await live.reload_if_changed()

    assert [line["names"] for line in lines if "unused files" in line["event"]] == [["b"]]


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfflag: true", "\ufeffflag: true".encode()])
def test_a_byte_order_mark_is_removed(tmp_path: Path, content: bytes) -> None:
    found = source(tmp_path, "x: 1", secrets={"version": "1", "more.yaml": "x: 1"})
    for path in ("config/application.yaml", "secrets/more.yaml"):
        (tmp_path / path).write_bytes(content)
    (tmp_path / "secrets" / "version").write_bytes(b"\xef\xbb\xbf42\r\n")

    assert load(found).flag
    assert load(found).version == "42"


@pytest.mark.parametrize("name", ["version", "more.yaml"])
@pytest.mark.parametrize("content", ["flag: é".encode("latin-1"), "flag: true".encode("utf-16")])
def test_a_secret_setting_that_is_not_utf_8_is_refused(
    tmp_path: Path, name: str, content: bytes
) -> None:
    """Regression: its bytes became replacement characters, and every login with it failed."""
    found = source(tmp_path, "flag: true", secrets={name: ""})
    (tmp_path / "secrets" / name).write_bytes(content)

    assert refusal(found) == f"{name}: not UTF-8 text"
