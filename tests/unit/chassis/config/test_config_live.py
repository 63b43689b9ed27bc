"""docs/design/runtime.md, "What a reload promises": swap, or keep the last good configuration."""

import asyncio
from pathlib import Path
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from chassis.config import ConfigSource, LiveConfig, Snapshot
from chassis.testing import ConfigDirectory
from unit.chassis.config.config_kit import DemoSettings

pytestmark = pytest.mark.anyio

ONE, TWO = "greeting.message: one", "greeting.message: two"
BROKEN = "greeting:\n  message: two\n  mesage: three"


class Mounted:
    """A live configuration on a volume; the test calls `look` itself."""

    def __init__(self, path: Path, text: str = ONE) -> None:
        self.config = ConfigDirectory(path / "config", {"application.yaml": text})
        self.secrets = ConfigDirectory(path / "secrets", {"version": "1"})
        self.live = LiveConfig.load(
            ConfigSource(
                "demo-service",
                config_dir=self.config.path,
                secrets_dir=self.secrets.path,
                profiles=("kubernetes", "dev"),
            ),
            DemoSettings,
        )

    async def edit(self, text: str) -> list[Any]:
        """Swap, look, and return the log lines."""
        self.config.swap({"application.yaml": text})
        with capture_logs() as lines:
            await self.live.reload_if_changed()
        return lines

    @property
    def message(self) -> str:
        return self.live.settings.greeting.message


async def test_a_valid_edit_replaces_the_snapshot_atomically(tmp_path: Path) -> None:
    mounted = Mounted(tmp_path)
    before = mounted.live.current
    await mounted.edit(TWO)
    after = mounted.live.current

    assert (before.settings.greeting.message, mounted.message) == ("one", "two")
    assert before.hash != after.hash
    assert after.loaded_at >= before.loaded_at


async def test_a_reload_logs_the_messages_of_spring_cloud_kubernetes(tmp_path: Path) -> None:
    lines = await Mounted(tmp_path).edit(TWO)

    assert [line["event"] for line in lines] == [
        "Detected change in config maps",
        "Reloading using strategy: REFRESH",
        "The following profiles are active: kubernetes,dev",
        "Configuration reloaded",
    ]
    assert lines[-1]["took_ms"] > 0


async def test_a_changed_secret_is_a_change_but_not_part_of_the_hash(tmp_path: Path) -> None:
    """A short secret could be guessed from a digest that everyone may read."""
    mounted = Mounted(tmp_path)
    before = mounted.live.current.hash
    mounted.secrets.swap({"version": "2"})
    with capture_logs() as lines:
        await mounted.live.reload_if_changed()

    assert mounted.live.settings.version == "2"
    assert lines[0]["event"] == "Detected change in secrets"
    assert mounted.live.current.hash == before


@pytest.mark.parametrize(
    ("text", "line", "key", "reason", "kind"),
    [
        (
            BROKEN,
            3,
            "greeting.mesage",
            "unknown setting; did you mean message?",
            "invalid",
        ),
        (
            "greeting:\n  message: [Good\nflag: true",
            2,
            None,
            "invalid YAML: did not find expected ',' or ']'",
            "parse",
        ),
        (
            "",
            None,
            None,
            "is empty; it would reset every setting to its default",
            "parse",
        ),
        (
            "a: 1\nserver.port: many",
            2,
            "server.port",
            "Input should be a valid integer, unable to parse string as an integer",
            "invalid",
        ),
    ],
)
async def test_an_invalid_edit_changes_nothing_and_logs_file_line_and_reason(
    tmp_path: Path, text: str, *, line: int | None, key: str | None, reason: str, kind: str
) -> None:
    mounted = Mounted(tmp_path)
    before = mounted.live.current
    said = (await mounted.edit(text))[-1]

    assert mounted.live.current is before
    assert said["log_level"] == "error"
    assert (said["file"], said["line"]) == ("application.yaml", line)
    assert (said["key"], said["reason"]) == (key, reason)
    assert "the last good one stays: application.yaml" in said["event"]
    assert not mounted.live.status.last_successful
    assert mounted.live.status.counts["failure", kind] == 1


async def test_a_refused_edit_is_counted_once(tmp_path: Path) -> None:
    mounted = Mounted(tmp_path)
    await mounted.edit(BROKEN)
    await mounted.live.reload_if_changed()

    assert mounted.live.status.counts["failure", "invalid"] == 1


@pytest.mark.parametrize("healing", [TWO, ONE])
async def test_the_next_valid_edit_is_applied_also_when_it_restores_the_old_text(
    tmp_path: Path, healing: str
) -> None:
    mounted = Mounted(tmp_path)
    await mounted.edit(BROKEN)
    refused = mounted.live.status.last_successful
    await mounted.edit(healing)

    assert (refused, mounted.live.status.last_successful) == (False, True)
    assert healing.endswith(mounted.message)
    assert mounted.live.status.pending_hash == ""


@pytest.mark.parametrize("refused", [BROKEN, "a: [", ""])
async def test_the_active_hash_is_never_that_of_a_refused_edit(
    tmp_path: Path, refused: str
) -> None:
    """docs/design/runtime.md, "Mistakes of other reloaders": 2."""
    mounted = Mounted(tmp_path)
    active = mounted.live.current.hash
    await mounted.edit(refused)

    assert mounted.live.current.hash == active
    assert mounted.live.status.pending_hash not in ("", active)


async def test_a_missing_directory_resets_nothing_and_is_looked_for(tmp_path: Path) -> None:
    mounted = Mounted(tmp_path)
    mounted.config.path.rename(tmp_path / "elsewhere")
    await mounted.live.reload_if_changed()
    message, refused = mounted.message, mounted.live.status.last_successful
    (tmp_path / "elsewhere").rename(mounted.config.path)
    await mounted.live.reload_if_changed()

    assert (message, refused) == ("one", False)
    assert mounted.live.status.counts["failure", "read"] == 1
    assert mounted.live.status.last_successful


async def test_an_added_file_is_a_change(tmp_path: Path) -> None:
    """docs/design/runtime.md, "Mistakes of other reloaders": 4."""
    mounted = Mounted(tmp_path)
    beside = {"application.yaml": ONE, "application-dev.yaml": TWO}
    mounted.config.swap(beside)
    await mounted.live.reload_if_changed()
    added = mounted.message
    mounted.config.swap(beside | {"application-dev.yaml": "greeting.message: three"})
    await mounted.live.reload_if_changed()

    assert (added, mounted.message) == ("two", "three")


async def test_every_listener_prepares_before_the_swap_and_commits_after_it(tmp_path: Path) -> None:
    mounted = Mounted(tmp_path)
    steps: list[str] = []

    async def prepare(snapshot: Snapshot[DemoSettings]) -> str:
        steps.append(f"prepare {snapshot.settings.greeting.message} while {mounted.message}")
        return "made"

    mounted.live.on_change(lambda made: steps.append(f"commit {made}"), prepare=prepare)
    mounted.live.on_change(lambda snapshot: steps.append(f"{snapshot.settings.greeting.message}"))
    await mounted.edit(TWO)

    assert steps == ["prepare two while one", "commit made", "two"]


async def test_no_listener_commits_if_another_failed_to_prepare(tmp_path: Path) -> None:
    """docs/design/runtime.md, "Mistakes of other reloaders": 3."""
    mounted = Mounted(tmp_path)
    committed: list[object] = []

    async def fail(_: object) -> None:
        raise OSError("secret detail")

    mounted.live.on_change(committed.append)
    mounted.live.on_change(committed.append, prepare=fail)
    said = (await mounted.edit(TWO))[-1]

    assert committed == []
    assert mounted.message == "one"
    assert said["reason"] == "a listener could not prepare for it: OSError"
    assert mounted.live.status.counts["failure", "listener"] == 1


@pytest.mark.bound("configuration-listener")
async def test_a_listener_that_never_finishes_preparing_fails_the_reload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.config.reload._PREPARE_TIMEOUT_S", 0.05)
    mounted = Mounted(tmp_path)

    async def hang(_: object) -> None:
        await asyncio.Event().wait()

    mounted.live.on_change(lambda _: None, prepare=hang)
    said = (await mounted.edit(TWO))[-1]

    assert mounted.message == "one"
    assert said["reason"] == "a listener could not prepare for it: TimeoutError"


async def test_an_internal_error_fails_the_reload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted = Mounted(tmp_path)

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(DemoSettings, "check", fail)
    await mounted.edit(TWO)
    failed = mounted.live.status.to_info()
    monkeypatch.undo()
    await mounted.edit("greeting.message: three")

    assert (failed["successful"], failed["reason"]) == (False, "error")
    assert mounted.live.status.counts["failure", "error"] == 1
    assert mounted.message == "three"


async def test_a_failing_change_listener_does_not_stop_the_others(tmp_path: Path) -> None:
    mounted = Mounted(tmp_path)
    changed: list[Snapshot[DemoSettings]] = []

    def fail(_: object) -> None:
        raise ValueError

    mounted.live.on_change(fail)
    mounted.live.on_change(changed.append)
    await mounted.edit(TWO)

    assert [snapshot.settings.greeting.message for snapshot in changed] == ["two"]
    assert mounted.live.status.last_successful


async def test_the_new_settings_are_active_when_listeners_commit(tmp_path: Path) -> None:
    mounted = Mounted(tmp_path)
    seen: list[str] = []
    mounted.live.on_change(lambda _: seen.append(mounted.message))
    await mounted.edit(TWO)

    assert seen == ["two"]


async def test_a_change_that_needs_a_restart_is_logged(tmp_path: Path) -> None:
    mounted = Mounted(tmp_path)
    lines = await mounted.edit("server.port: 9999")
    required = mounted.live.status.restart_required
    await mounted.edit(ONE)

    assert lines[-1]["sections"] == ["server"]
    assert (required, mounted.live.status.restart_required) == (True, False)


async def test_strategy_none_applies_no_edit_and_logs_that(tmp_path: Path) -> None:
    strategy = "spring.cloud.kubernetes.reload.strategy: none\n"
    mounted = Mounted(tmp_path, strategy + ONE)
    await mounted.edit(strategy + TWO)

    assert mounted.message == "one"
    assert mounted.live.status.restart_required
    assert mounted.live.status.pending_hash not in ("", mounted.live.current.hash)


async def test_without_mounts_there_is_nothing_to_follow() -> None:
    stop = anyio.Event()
    live = LiveConfig.fixed(DemoSettings(), profiles=("dev",))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(live.run, stop)
        stop.set()

    assert live.status.watch_mode == "off"
    assert live.current.profiles == ("dev",)
