"""docs/design/runtime.md, "Watching a mount": real swaps, a real watcher."""

import asyncio
import itertools
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from structlog.testing import capture_logs

from chassis.config import ConfigSource, LiveConfig, ServiceSettings, Snapshot, mounts
from chassis.testing import ConfigDirectory
from eventually import PATIENCE_S

pytestmark = pytest.mark.anyio


@pytest.fixture
def no_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wake the watcher only for events while the test waits."""
    monkeypatch.setattr(mounts, "_IDLE_MS", 60_000)


class Numbered(ServiceSettings):
    """Settings that are equal in every snapshot, so that a torn read is visible."""

    number: int = 0
    copy_of_number: int = 0


def version(number: int, extra: str = "") -> dict[str, str]:
    return {
        "application.yaml": f"number: {number}\n{extra}",
        "application-dev.yaml": f"copy-of-number: {number}\n",
    }


class Followed:
    """A live configuration that watches its volume, and the snapshots it has published."""

    def __init__(self, path: Path, extra: str = "") -> None:
        self.volume = ConfigDirectory(path / "config", version(0, extra))
        source = ConfigSource("demo", config_dir=self.volume.path, profiles=("dev",))
        self.live = LiveConfig.load(source, Numbered)
        self.seen: list[Snapshot[Numbered]] = []
        self._published = asyncio.Event()
        self.live.on_change(self._publish)

    def _publish(self, snapshot: Snapshot[Numbered]) -> None:
        self.seen.append(snapshot)
        self._published.set()

    async def armed(self) -> None:
        """Swap until one swap is seen. From then on the watcher sees all of them."""
        async with asyncio.timeout(PATIENCE_S):
            for number in itertools.count(1):
                self.volume.swap(version(-number))
                with anyio.move_on_after(0.1):
                    await self._published.wait()
                    return

    async def until(self, number: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.live.settings.number != number:
                self._published.clear()
                await self._published.wait()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        stop = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.live.run, stop)
            yield
            stop.set()


@pytest.mark.usefixtures("no_timer")
async def test_a_hundred_swaps_are_all_seen_without_the_timer(tmp_path: Path) -> None:
    """A watch on a file, or on `..data` itself, would see only the first swap."""
    followed = Followed(tmp_path)
    async with followed.running():
        await followed.armed()
        for number in range(1, 101):
            followed.volume.swap(version(number))
            await followed.until(number)

    seen = [snapshot.settings.number for snapshot in followed.seen]
    assert [number for number in seen if number > 0] == list(range(1, 101))


async def test_a_burst_of_300_swaps_ends_with_the_last_value_without_torn_reads(
    tmp_path: Path,
) -> None:
    followed = Followed(tmp_path)
    async with followed.running():
        for number in range(1, 301):
            followed.volume.swap(version(number))
            await anyio.lowlevel.checkpoint()
        await followed.until(300)

    assert all(s.settings.number == s.settings.copy_of_number for s in followed.seen)
    assert followed.live.status.last_successful


async def test_a_swap_between_load_and_watching_is_seen(tmp_path: Path) -> None:
    followed = Followed(tmp_path)
    followed.volume.swap(version(1))

    async with followed.running():
        await followed.until(1)


async def test_invalid_edits_among_valid_ones_are_never_active(tmp_path: Path) -> None:
    """docs/design/runtime.md, "Watching a mount": 120 swaps, 30 of them invalid, 0 errors."""
    followed = Followed(tmp_path)
    torn: list[tuple[int, int]] = []
    done = False

    async def read() -> None:
        while not done:
            settings = followed.live.settings
            if settings.number != settings.copy_of_number or settings.number % 4 == 3:
                torn.append((settings.number, settings.copy_of_number))
            await anyio.lowlevel.checkpoint()

    async with followed.running(), anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        for number in range(1, 41):
            broken = number % 4 == 3
            followed.volume.swap(version(number, "server: [" if broken else ""))
            if not broken:
                await followed.until(number)
        done = True

    assert torn == []
    assert followed.live.status.last_successful


async def test_polling_finds_changes_in_its_period_and_reports_its_mode(tmp_path: Path) -> None:
    polling = "spring.cloud.kubernetes.reload: {mode: polling, period: 100ms}\n"
    followed = Followed(tmp_path, polling)
    async with followed.running():
        followed.volume.swap(version(1, polling))
        await followed.until(1)
        polled = followed.live.status.watch_mode
        followed.volume.swap(version(2))  # the edit that turns polling off
        await followed.until(2)
        followed.volume.swap(version(3))
        await followed.until(3)

    assert (polled, followed.live.status.watch_mode) == ("polling", "event")


async def test_strategy_restart_requests_a_restart_only_after_a_valid_edit(tmp_path: Path) -> None:
    """A restart into an invalid configuration would cause an outage."""
    restart = "spring.cloud.kubernetes.reload: {strategy: restart, max-wait-for-restart: 20}\n"
    followed = Followed(tmp_path, restart)
    asked = asyncio.Event()
    followed.live.on_restart(asked.set)
    with capture_logs() as lines:
        async with followed.running():
            followed.volume.swap(version(1, "server: ["))
            await _logged(lines, "rejected")
            refused = asked.is_set()
            followed.volume.swap(version(2, restart))
            await asyncio.wait_for(asked.wait(), PATIENCE_S)

    assert not refused
    assert followed.live.settings.number == 0
    assert followed.live.status.restart_required
    assert any(line["event"] == "Reloading using strategy: RESTART" for line in lines)


async def test_a_disabled_reload_watches_nothing(tmp_path: Path) -> None:
    followed = Followed(tmp_path, "spring.cloud.kubernetes.reload.enabled: false\n")
    async with followed.running():
        followed.volume.swap(version(1))
        # clock: a busy machine only sees less
        await anyio.sleep(0.05)

    assert followed.live.settings.number == 0
    assert followed.live.status.watch_mode == "off"


@pytest.mark.usefixtures("no_timer")
async def test_stopping_does_not_wait_for_a_timer(tmp_path: Path) -> None:
    followed = Followed(tmp_path)
    async with asyncio.timeout(PATIENCE_S), followed.running():
        await followed.armed()

    assert followed.live.status.watch_mode == "event"


async def test_a_directory_that_is_mounted_later_is_watched(tmp_path: Path) -> None:
    source = ConfigSource("demo", config_dir=tmp_path / "config", profiles=("dev",))
    live = LiveConfig.load(source, Numbered)
    changed = asyncio.Event()
    live.on_change(lambda _: changed.set())
    stop = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(live.run, stop)
        ConfigDirectory(tmp_path / "config", version(5))
        await asyncio.wait_for(changed.wait(), PATIENCE_S)
        stop.set()

    assert live.settings.number == 5


async def test_watching_falls_back_to_polling_and_returns_to_events(
    tmp_path: Path,
) -> None:
    """Without a free inotify instance, `WatchfilesRustInternalError` (os error 24) is raised."""
    script, tests = Path(__file__).with_name("without_watcher.py"), Path(__file__).parents[2]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(script), str(tmp_path / "config")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tests), *sys.path])},
    )
    try:
        out, modes = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()

    assert json.loads(modes) == ["polling", "event"]
    assert b"no file watcher, polling each second" in out


async def _logged(lines: list[Any], words: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not any(words in line["event"] for line in lines):  # noqa: ASYNC110 - a log has no event
            await asyncio.sleep(0.005)
