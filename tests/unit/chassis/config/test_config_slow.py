"""docs/design/configuration.md, "A load is bounded": a slow load fails the reload."""

import threading
import time
from pathlib import Path
from typing import Any, Self

import anyio
import anyio.lowlevel
import pytest
from structlog.testing import capture_logs

from chassis.config import ConfigSource, LiveConfig, ServiceSettings, budget, live
from chassis.testing import ConfigDirectory
from eventually import PATIENCE_S

pytestmark = pytest.mark.anyio

BOMB = "message: ${a29}\na0: x\n" + "".join(
    f"a{n}: ${{a{n - 1}}}${{a{n - 1}}}\n" for n in range(1, 30)
)


class Slow(ServiceSettings):
    """Settings whose validator blocks, if the configuration says so, until the test releases it."""

    message: str = ""

    def check(self, profiles: tuple[str, ...]) -> Self:
        if self.message == "hang":
            _let_go.wait(PATIENCE_S)
        return super().check(profiles)


_let_go = threading.Event()


class Followed:
    def __init__(self, path: Path) -> None:
        self.volume = ConfigDirectory(path / "config", {"application.yaml": "message: one"})
        self.live = LiveConfig.load(ConfigSource("demo", self.volume.path), Slow)

    async def edit(self, text: str) -> list[Any]:
        self.volume.swap({"application.yaml": text})
        with capture_logs() as lines:
            await self.live.reload_if_changed()
        return lines


@pytest.mark.bound("configuration-time")
async def test_a_load_that_hangs_fails_and_the_next_edit_is_applied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOAD_S", 0.2)
    followed = Followed(tmp_path)
    try:
        lines = await followed.edit("message: hang")
        refused = followed.live.status.to_info()
        monkeypatch.undo()
        await followed.edit("message: two")
    finally:
        _let_go.set()

    assert lines[-1]["reason"] == "takes more than 0.2 s to load"
    assert (refused["successful"], refused["reason"]) == (False, "timeout")
    assert followed.live.status.counts["failure", "timeout"] == 1
    assert followed.live.settings.message == "two"
    assert followed.live.status.last_successful


async def test_a_load_that_computes_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed = Followed(tmp_path)
    monkeypatch.setattr(budget, "CPU_S", 0.01)
    lines = await followed.edit("x: [" + "a," * 50_000 + "]")
    monkeypatch.undo()
    await followed.edit("message: two")

    assert "takes more than 0.01 s to read" in lines[-1]["event"]
    assert followed.live.status.counts["failure", "timeout"] == 1
    assert followed.live.settings.message == "two"


def test_a_thread_that_computes_ends_before_it_is_given_up() -> None:
    assert budget.CPU_S < live.LOAD_S


async def test_a_pause_that_is_charged_to_the_load_does_not_end_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Regression: a file of 20 lines was refused, on a machine that paused for seconds."""
    remaining = budget.Budget()
    after = time.thread_time() + 8.0  # clock: a pause, not a measurement
    monkeypatch.setattr("chassis.config.budget.time.thread_time", lambda: after)

    for _ in range(1000):
        remaining.spend("application.yaml", text=1)


async def test_the_event_loop_runs_during_a_long_load(tmp_path: Path) -> None:
    """Regression: a ConfigMap of 543 bytes stopped all later reloads without a message."""
    followed = Followed(tmp_path)
    turns, done = 0, anyio.Event()

    async def load() -> None:
        await followed.edit(BOMB)
        done.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(load)
        while not done.is_set():
            turns += 1
            await anyio.sleep(0.001)
    await followed.edit("message: two")

    assert turns > 5
    assert followed.live.status.counts["failure", "parse"] == 1
    assert followed.live.settings.message == "two"
