"""Run programs: the platform's client, docker, kind, a command of the user's own."""

import asyncio
import os
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from suitectl.errors import CommandFailedError
from suitectl.platform.stderr_summary import one_line


async def output(
    command: Sequence[str],
    *,
    seconds: float,
    environment: Mapping[str, str] | None = None,
    stdin: str = "",
    shown: str | None = None,
) -> str:
    """Run a command and return what it printed; raise `CommandFailedError` with the reason.

    A command that runs longer than `seconds` is killed. `shown` is its name in the error.
    """
    shown = shown or shlex.join(command)
    process = await start(command, environment=environment, stdin=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate(stdin.encode())
    except TimeoutError:
        raise CommandFailedError(f"{shown}: timed out after {seconds:g} s") from None
    finally:
        await end(process)
    if process.returncode:
        raise CommandFailedError(f"{shown}: {one_line(err.decode() or out.decode())}")
    return out.decode()


async def start(
    command: Sequence[str], *, environment: Mapping[str, str] | None = None, **pipes: Any
) -> asyncio.subprocess.Process:
    """Start a program in a session of its own: Ctrl-C reaches the caller only.

    Raises `CommandFailedError` where the program cannot be started.
    """
    options = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE} | pipes
    try:
        return await asyncio.create_subprocess_exec(
            *command, env=os.environ | (environment or {}), start_new_session=True, **options
        )
    except OSError as error:
        raise CommandFailedError(f"{command[0]}: {error.strerror}") from None


async def first_line(process: asyncio.subprocess.Process, shown: str, *, seconds: float) -> str:
    """Return the first line that a program prints; raise `CommandFailedError` with the reason."""
    assert process.stdout is not None  # noqa: S101 - a program of `start` has both pipes
    assert process.stderr is not None  # noqa: S101 - likewise
    try:
        async with asyncio.timeout(seconds):
            if line := await process.stdout.readline():
                return line.decode()
            reason = one_line((await process.stderr.read()).decode())
    except TimeoutError:
        reason = f"not ready within {seconds:g} s"
    raise CommandFailedError(f"{shown}: {reason}")


async def end(process: asyncio.subprocess.Process) -> None:
    """Kill a process that still runs, and reap it."""
    if process.returncode is None:
        process.kill()
    await process.wait()
