"""localkube: what it needs of the kernel and the state directory, and suites that run or died."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
import time
from pathlib import Path
from typing import Iterator

from suitectl.doctor.finding import Finding, good, missing, odd
from suitectl.doctor.processes import Process, suites

_SOCKET_PATH = 100
"""Bytes that a socket's path may have everywhere, with some room."""


def check(root: Path) -> Iterator[Finding]:
    """Look at the state directories and at the engines that run."""
    base = state_base()
    yield features(base)
    running = suites()
    yield from (_suite(root, one) for one in running)
    yield from _left_behind(base, {one.option("--state") for one in running})


def state_base() -> Path:
    """Return the directory of the state directories, as localkube chooses it."""
    chosen = os.environ.get("XDG_STATE_HOME")
    return (Path(chosen) if chosen else Path.home() / ".local/state") / "localkube"


def features(base: Path) -> Finding:
    """Do with a directory what localkube does with its own: lock, socket, swapped link."""
    place = next(one for one in (base, *base.parents) if one.is_dir())
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=str(place)) as name:
            _try(Path(name))
    except OSError as error:
        text = f"localkube cannot use {place}: {error.strerror or error}"
        return missing(text, "export LOCALKUBE_STATE=/another/directory")
    return good("state directory")


def _try(directory: Path) -> None:
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    (directory / "next").symlink_to("lock")
    (directory / "next").replace(directory / "data")
    if len(str(directory)) < _SOCKET_PATH:
        with socket.socket(socket.AF_UNIX) as control:
            control.bind(str(directory / "s"))


def _suite(root: Path, process: Process) -> Finding:
    """Judge a suite that runs: of this checkout or another one, from this code or older."""
    if os.geteuid() not in (0, _owner(process.pid)):
        return good(f"a suite of another user runs (pid {process.pid})")
    program = Path(process.command.split(" ", 1)[0])
    checkout = program.parents[2] if len(program.parts) > 3 else program  # noqa: PLR2004 - .venv/bin/python
    end = f"{checkout}/localkube --state {process.option('--state')} down"
    if not program.exists():
        return odd(f"a suite of the deleted {checkout} runs", f"kill {process.pid}")
    if checkout.resolve() != root.resolve():
        return odd(f"a suite of {checkout} runs (pid {process.pid})", end)
    if _started(process.pid) < _changed(root):
        return odd(f"the suite runs an older localkube (pid {process.pid})", "make down up")
    return good(f"a suite runs (pid {process.pid})")


def _owner(pid: int) -> int:
    try:
        return Path(f"/proc/{pid}").stat().st_uid
    except OSError:
        return os.geteuid()


def _started(pid: int) -> float:
    try:
        return Path(f"/proc/{pid}").stat().st_mtime
    except OSError:
        return time.time()


def _changed(root: Path) -> float:
    """Return when the code of localkube was last written."""
    files = (root / "libs/localkube/src").glob("**/*.py")
    return max((file.stat().st_mtime for file in files), default=0.0)


def _left_behind(base: Path, used: set[str]) -> Iterator[Finding]:
    """Yield the state directories with pods of a localkube that was killed."""
    for pods in sorted(base.glob("*/pods")):
        if str(pods.parent) not in used and any(pods.iterdir()):
            yield odd(f"{pods.parent} is left of a killed suite", f"rm -rf {pods.parent}")
