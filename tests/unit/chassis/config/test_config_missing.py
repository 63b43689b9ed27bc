"""docs/design/configuration.md, "An edit does what it says": files that are missing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from chassis.config import ConfigSource, LiveConfig
from chassis.testing import ConfigDirectory
from unit.chassis.config.config_kit import DemoSettings

pytestmark = pytest.mark.anyio

CONFIG = {"application.yaml": "version: one", "application-dev.yaml": "greeting.message: dev"}
SECRETS = {
    "identities.yaml": "accounts: {alice: {level: 1}}",
    "security.oauth2.client.client-secret": "hidden",
    "client.crt": "no setting",
}


class Mounted:
    def __init__(self, path: Path) -> None:
        self.config = ConfigDirectory(path / "config", CONFIG)
        self.secrets = ConfigDirectory(path / "secrets", SECRETS)
        source = ConfigSource("demo", self.config.path, self.secrets.path, profiles=("dev",))
        self.live = LiveConfig.load(source, DemoSettings)

    async def edit(self, files: Mapping[str, str], volume: ConfigDirectory) -> dict[str, Any]:
        """Swap, look, and return the last log line."""
        volume.swap(files)
        with capture_logs() as lines:
            await self.live.reload_if_changed()
        return dict(lines[-1])


def _without(files: Mapping[str, str], name: str, **more: str) -> dict[str, str]:
    return {key: text for key, text in files.items() if key != name} | more


@pytest.mark.parametrize("name", ["identities.yaml", "security.oauth2.client.client-secret"])
async def test_renaming_a_file_of_the_secret_removes_no_settings(tmp_path: Path, name: str) -> None:
    """Regression: all clients, users and tokens vanished, and the reload counted as successful."""
    mounted = Mounted(tmp_path)
    renamed = _without(SECRETS, name) | {f"{name}.txt": SECRETS[name]}
    said = await mounted.edit(renamed, mounted.secrets)

    assert (said["file"], said["log_level"]) == (name, "error")
    assert "is missing" in said["reason"]
    assert mounted.live.settings.accounts["alice"].level == 1
    assert mounted.live.status.counts["failure", "missing"] == 1


async def test_a_missing_file_of_a_profile_is_named(tmp_path: Path) -> None:
    mounted = Mounted(tmp_path)
    said = await mounted.edit(_without(CONFIG, "application-dev.yaml"), mounted.config)

    assert (said["file"], mounted.live.settings.greeting.message) == ("application-dev.yaml", "dev")


async def test_emptying_a_secret_removes_no_settings(tmp_path: Path) -> None:
    mounted = Mounted(tmp_path)
    said = await mounted.edit({"other": "x"}, mounted.secrets)

    assert "is missing" in said["reason"]
    assert "alice" in mounted.live.settings.accounts


@pytest.mark.parametrize(
    "text",
    [
        "accounts: {alice: {level: 2}}\nspring.profiles: prod",
        "accounts: {alice: {level: 2}}\nspring.config.activate.on-whatever: dev",
        "# accounts: {alice: {level: 2}}",
        "",
    ],
)
async def test_a_file_that_no_longer_applies_removes_no_settings(tmp_path: Path, text: str) -> None:
    mounted = Mounted(tmp_path)
    said = await mounted.edit(SECRETS | {"identities.yaml": text}, mounted.secrets)

    assert said["file"] == "identities.yaml"
    assert mounted.live.settings.accounts["alice"].level == 1


async def test_an_empty_mapping_removes_all_entries(tmp_path: Path) -> None:
    mounted = Mounted(tmp_path)
    await mounted.edit(SECRETS | {"identities.yaml": "accounts: {}"}, mounted.secrets)

    assert mounted.live.settings.accounts == {}
    assert mounted.live.status.last_successful


async def test_removing_a_file_that_a_placeholder_reads_removes_no_settings(tmp_path: Path) -> None:
    """The file is not a setting itself, and the placeholder's default would hide its absence."""
    mounted = Mounted(tmp_path)
    using = CONFIG | {"application.yaml": "accounts.carol.password: ${redis-pass:}"}
    mounted.secrets.swap(SECRETS | {"redis-pass": "hidden"})
    await mounted.edit(using, mounted.config)
    said = await mounted.edit(SECRETS | {"redis-pass.txt": "hidden"}, mounted.secrets)
    password = mounted.live.settings.accounts["carol"].password

    assert (said["file"], said["log_level"]) == ("redis-pass", "error")
    assert password is not None
    assert password.get_secret_value() == "hidden"


async def test_a_file_without_settings_may_be_removed(tmp_path: Path) -> None:
    mounted = Mounted(tmp_path)
    await mounted.edit(_without(SECRETS, "client.crt"), mounted.secrets)

    assert mounted.live.status.last_successful


async def test_restoring_the_file_lets_the_reload_succeed(tmp_path: Path) -> None:
    mounted = Mounted(tmp_path)
    await mounted.edit({"other": "x"}, mounted.secrets)
    refused = mounted.live.status.to_info()
    await mounted.edit(SECRETS, mounted.secrets)

    assert (refused["successful"], refused["reason"]) == (False, "missing")
    assert refused["file"] in SECRETS
    assert mounted.live.status.to_info() == {"successful": True}


async def test_the_next_start_loads_the_files_that_exist(tmp_path: Path) -> None:
    """A restart is the way to remove a file on purpose."""
    mounted = Mounted(tmp_path)
    mounted.config.swap(_without(CONFIG, "application-dev.yaml"))
    again = LiveConfig.load(mounted.live.source, DemoSettings)

    assert again.settings.greeting.message == "Hello"
