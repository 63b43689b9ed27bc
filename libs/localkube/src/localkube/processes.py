"""Processes in a session of their own, whose end is noticed at once and leaves no child behind."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localkube.watchdog import Watchdog

POLL_S = 0.05
"""How often an end is looked for where the system has no pidfd."""


@dataclass(frozen=True, slots=True)
class Launch:
    """What to start: an absolute program with its arguments, and where."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    directory: Path


class Process:
    """A started process. It is reaped only after its whole group was killed.

    Until then the kernel cannot give its number to another process, so that signals always
    reach the right one.
    """

    def __init__(
        self, launch: Launch, watchdog: Watchdog, output: int = subprocess.DEVNULL
    ) -> None:
        self._watchdog = watchdog
        self._popen = subprocess.Popen(  # noqa: S603  # the manifest's command
            list(launch.argv),
            env=dict(launch.environment),
            cwd=launch.directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.pid = self._popen.pid
        watchdog.add(self.pid)
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._watch()

    async def wait(self) -> int:
        """Return the exit code, negative for a signal."""
        return await asyncio.shield(self._ended)

    async def wait_within(self, seconds: float) -> bool:
        """Say whether it ends within a time."""
        done, _ = await asyncio.wait([self._ended], timeout=seconds)
        return bool(done)

    async def wait_beside(self, task: asyncio.Task[None], seconds: float) -> None:
        """Wait for a task, but no longer than the process runs or a time passes."""
        first: set[asyncio.Future[Any]] = {self._ended, task}
        await asyncio.wait(first, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)

    def signal(self, number: signal.Signals) -> None:
        """Signal the process itself."""
        if not self._ended.done():
            with contextlib.suppress(OSError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it and all it started."""
        if not self._ended.done():
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)

    def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        if not hasattr(os, "pidfd_open"):
            loop.call_later(POLL_S, self._poll)
            return
        descriptor = os.pidfd_open(self.pid)
        loop.add_reader(descriptor, self._readable, descriptor)

    def _readable(self, descriptor: int) -> None:
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)
        self._reap()

    def _poll(self) -> None:
        if self._popen.poll() is None:
            asyncio.get_running_loop().call_later(POLL_S, self._poll)
        else:
            self._reap()

    def _reap(self) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)
        self._watchdog.remove(self.pid)
        code = self._popen.wait()
        if not self._ended.done():
            self._ended.set_result(code)


async def run(launch: Launch, watchdog: Watchdog, seconds: float) -> int | None:
    """Run a command to its end; None when it took too long and was killed."""
    process = Process(launch, watchdog)
    try:
        return await process.wait() if await process.wait_within(seconds) else None
    finally:
        process.kill()
