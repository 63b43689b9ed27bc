"""Processes in a session of their own, whose children end with them."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from localkube.engine.pods.watchdog import Watchdog

CONTAINER_UMASK = 0o022
"""The umask in containers."""


@dataclass(frozen=True, slots=True)
class Launch:
    """A process to start: absolute program and arguments, environment, working directory."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    directory: Path


class Process:
    """A running process; when it ends, its process group is killed."""

    def __init__(self, process: asyncio.subprocess.Process, watchdog: Watchdog) -> None:
        self._process, self._watchdog = process, watchdog
        self.pid = process.pid
        self._watchdog.add(self.pid)
        self.ended = asyncio.create_task(self._reap())

    @classmethod
    async def start(
        cls, launch: Launch, watchdog: Watchdog, output: int = subprocess.DEVNULL
    ) -> "Process":
        """Start a process; raise `OSError`."""
        process = await asyncio.create_subprocess_exec(
            *launch.argv,
            env=launch.environment,
            cwd=launch.directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=CONTAINER_UMASK,
        )
        return cls(process, watchdog)

    async def wait(self) -> int:
        """Return the exit code, negative for a signal."""
        return await asyncio.shield(self.ended)

    def terminate(self) -> None:
        """Send SIGTERM to the process itself."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()

    def kill(self) -> None:
        """Send SIGKILL to the process group."""
        if not self.ended.done():
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)

    async def _reap(self) -> int:
        code = await self._process.wait()
        with contextlib.suppress(OSError):
            os.killpg(self.pid, signal.SIGKILL)
        self._watchdog.remove(self.pid)
        return code


async def run(launch: Launch, watchdog: Watchdog, seconds: float) -> int | None:
    """Run a command and return its exit code, None where it timed out and was killed."""
    process = await Process.start(launch, watchdog)
    try:
        async with asyncio.timeout(seconds):
            return await process.wait()
    except TimeoutError:
        return None
    finally:
        process.kill()
