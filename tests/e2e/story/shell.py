"""Run the commands of a page in one shell, like a reader who types them in order."""

import asyncio
import contextlib
import os
import re
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from code_blocks import Command
from outer_make import OF_MAKE
from suitectl.root import ROOT

_END = "\x1e"
"""Printed after each command that succeeded."""
_LOOKS = re.compile(r"(\./localkube|kubectl) (get|logs|curl -s http)\b")
_PATIENCE_S = 20
_MOST_OUTPUT = 64 << 20
"""Bytes that a command may print: the logs of a cluster are long."""
_ASIDE = {".git", "setup", ".build", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


@dataclass(frozen=True, slots=True)
class Run:
    """The outcome of a command."""

    command: Command
    succeeded: bool
    output: str

    @property
    def held(self) -> bool:
        """Return whether it succeeded and printed what the page shows."""
        return self.succeeded and self.command.shows(self.output)

    def __str__(self) -> str:
        shown = "" if self.command.output is None else f"\nthe page shows:\n{self.command.output}"
        became = "" if self.succeeded else "failed: "
        return f"{self.command.block}: {became}{self.command.text}\n{self.output}{shown}"


def scratch(directory: Path, *, kubectl: str) -> Mapping[str, str]:
    """Make a directory that looks like the repository, and return the environment to use there.

    The files that a command writes are deleted with the directory. `kubectl` replaces the program
    of that name. Other programs of `.venv` are found by their path only, as by a reader.
    """
    for entry in ROOT.iterdir():
        if entry.name not in _ASIDE:
            (directory / entry.name).symlink_to(entry)
    program = directory / ".programs/kubectl"
    program.parent.mkdir()
    _write(program, f'exec {kubectl} "$@"')
    _write(directory / "setup", "")  # it would install from here, into the .venv of the tests
    own = str(Path(sys.executable).parent)
    path = [each for each in os.environ["PATH"].split(os.pathsep) if each != own]
    searched = os.pathsep.join([str(program.parent), *path])
    inherited = {name: value for name, value in os.environ.items() if name not in OF_MAKE}
    return inherited | {"PATH": searched, "KUBE_EDITOR": "true", "NO_COLOR": "1"}


def _write(program: Path, command: str) -> None:
    program.write_text(f"#!/bin/sh\n{command}\n")
    program.chmod(0o755)


async def play(
    commands: Sequence[Command], directory: Path, environment: Mapping[str, str]
) -> Sequence[Run]:
    """Run the commands in order until one fails. Variables persist between commands."""
    shell = await asyncio.create_subprocess_exec(
        *("bash", "-e", "-o", "pipefail", "-s"),
        cwd=directory,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=_MOST_OUTPUT,
        start_new_session=True,
    )
    try:
        return await _runs(shell, commands)
    finally:
        # The whole group: a program that is left writing holds the pipe, and `wait` with it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)
        await shell.communicate()  # also reads what a paused pipe still holds


async def _runs(shell: Process, commands: Sequence[Command]) -> Sequence[Run]:
    runs: list[Run] = []
    for command in commands:
        runs.append(await _looked_at(shell, command))
        if not runs[-1].succeeded:
            break
    return runs


async def _looked_at(shell: Process, command: Command) -> Run:
    """Run a command. A read-only one is repeated until it prints what the page shows."""
    patience = time.monotonic() + (_PATIENCE_S if _LOOKS.match(command.text) else 0)
    while True:
        run = await _run(shell, command)
        if run.held or not run.succeeded or time.monotonic() >= patience:
            return run
        await asyncio.sleep(0.1)


async def _run(shell: Process, command: Command) -> Run:
    assert shell.stdin is not None
    assert shell.stdout is not None
    shell.stdin.write(f"{{ {command.text}\n}} </dev/null\nprintf '{_END}'\n".encode())
    try:
        output = await shell.stdout.readuntil(_END.encode())
    except asyncio.IncompleteReadError as error:
        return Run(command, succeeded=False, output=error.partial.decode())
    return Run(command, succeeded=True, output=output.decode().removesuffix(_END))
