"""Running processes, as `/proc` shows them; elsewhere as `ps` and `lsof` do."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Iterator, NamedTuple

from suitectl.doctor.programs import Failed, output

_PROC = Path("/proc")
_LISTENS = "0A"
_DAEMON = "localkube.engine.daemon"


class Process(NamedTuple):
    """A process: its id and its command line."""

    pid: int
    command: str

    @property
    def is_localkube(self) -> bool:
        """Say whether it is the engine of a suite."""
        return _DAEMON in self.command

    def option(self, name: str) -> str:
        """Return the value of an option of its command line."""
        found = re.search(rf"{name}[ =](\S+)", self.command)
        return found[1] if found else ""

    def __str__(self) -> str:
        program = Path(self.command.split(" ", 1)[0]).name
        return f"{program} (pid {self.pid})" if self.pid else self.command


def running() -> Iterator[Process]:
    """Yield the processes that this user may see."""
    if not (_PROC / "self/cmdline").exists():
        yield from _listed()
        return
    for directory in _PROC.glob("[0-9]*"):
        try:
            words = (directory / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        except OSError:
            continue  # it ended meanwhile
        yield Process(int(directory.name), b" ".join(words).decode(errors="replace"))


def _listed() -> Iterator[Process]:
    try:
        lines = output("ps", "-axo", "pid=,command=").splitlines()
    except Failed:
        return
    for line in lines:
        pid, _, command = line.strip().partition(" ")
        yield Process(int(pid), command.strip())


def suites() -> list[Process]:
    """Return the localkubes of this machine."""
    return [one for one in running() if one.is_localkube]


def listener(port: int) -> Process | None:
    """Return the process that listens on a TCP port, where this user may know it."""
    if (_PROC / "net/tcp").exists():
        inodes = set(_listening(port))
        holders = (one for one in running() if inodes & _sockets(one.pid))
        return next(holders, None)
    try:
        pid = int(output("lsof", "-t", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN").split()[0])
    except (Failed, IndexError, ValueError):
        return None
    return next((one for one in running() if one.pid == pid), None)


def _listening(port: int) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        try:
            lines = (_PROC / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue  # a kernel without IPv6
        for line in lines:
            _, local, _, state, *rest = line.split()
            if state == _LISTENS and int(local.rpartition(":")[2], 16) == port:
                yield f"socket:[{rest[5]}]"


def _sockets(pid: int) -> set[str]:
    try:
        with os.scandir(f"/proc/{pid}/fd") as entries:
            return {os.readlink(entry.path) for entry in entries}
    except OSError:
        return set()
