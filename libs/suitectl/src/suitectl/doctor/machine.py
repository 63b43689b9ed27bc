"""The machine: disk, memory, limits, mounts, clock and locale."""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Iterator

from suitectl.doctor.finding import Finding, good, missing, odd
from suitectl.doctor.programs import Failed, output

FREE_BYTES = 1 << 30
"""What `.venv` with the tools of the tests, logs and Redis' files take, with room."""
MEMORY_BYTES = 1 << 30
FEWEST_FILES = 1024
FEWEST_WATCHERS = 32
"""inotify instances that the services of `make up` take at most, one each, and an editor."""


def check(root: Path) -> Iterator[Finding]:
    """Look at what the machine lends to programs."""
    yield disk(root)
    yield memory()
    yield files()
    yield watchers()
    yield from mounts(root)
    yield clock(root)
    yield locale()


def disk(place: Path, wanted: int = FREE_BYTES) -> Finding:
    """Say how much room there is."""
    free = shutil.disk_usage(place).free
    if free < wanted:
        text = f"{free / 1e6:,.0f} MB are free at {place}; setup and tests take 1,000"
        return odd(text, f"du -xhd1 {place} | sort -h")
    return good(f"{free / 1e9:,.0f} GB free")


def memory(table: Path = Path("/proc/meminfo"), wanted: int = MEMORY_BYTES) -> Finding:
    """Say how much memory programs can still have."""
    lines = table.read_text().splitlines() if table.exists() else []
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    if found and found[0] < wanted:
        text = f"{found[0] / 1e6:,.0f} MB of memory are available; make up takes 500"
        return odd(text, "ps aux --sort=-rss | head")
    return good(f"{found[0] / 1e9:,.0f} GB of memory" if found else "memory")


def files() -> Finding:
    """Look at `ulimit -n`: localkube raises its own limit as far as the hard one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft != unlimited and soft < FEWEST_FILES:
        reachable = hard == unlimited or hard >= FEWEST_FILES
        raised = f"ulimit -n {4 * FEWEST_FILES}"
        remedy = raised if reachable else f"sudo prlimit --pid $$ --nofile={4 * FEWEST_FILES}"
        return odd(f"ulimit -n is {soft}: make test needs {FEWEST_FILES} open files", remedy)
    return good("ulimit -n")


def watchers(
    limits: Path = Path("/proc/sys/fs/inotify"), processes: Path = Path("/proc")
) -> Finding:
    """Compare inotify's limits with what this user's processes have: reload watches files."""
    try:
        instances = int((limits / "max_user_instances").read_text())
        watches = int((limits / "max_user_watches").read_text())
    except OSError:
        return good("file watches")
    left = instances - _inotify_instances(processes)
    if left < FEWEST_WATCHERS:
        text = f"{left} of {instances} inotify instances are left: saved files reload late"
        return odd(text, "sudo sysctl fs.inotify.max_user_instances=1024")
    if watches < 8192:  # noqa: PLR2004 - the kernel's own smallest default
        text = f"{watches} inotify watches: saved files reload late"
        return odd(text, "sudo sysctl fs.inotify.max_user_watches=524288")
    return good("file watches")


def _inotify_instances(processes: Path) -> int:
    """Count those of this user's processes."""
    return sum(map(_instances, processes.glob("[0-9]*")))


def _instances(process: Path) -> int:
    try:
        if process.stat().st_uid != os.getuid():
            return 0
        with os.scandir(str(process / "fd")) as entries:
            links = [os.readlink(entry.path) for entry in entries]
    except OSError:
        return 0  # it ended meanwhile
    return links.count("anon_inode:inotify")


def mounts(root: Path) -> Iterator[Finding]:
    """Look for places whose programs may not run."""
    places = (
        (Path(tempfile.gettempdir()), odd, "export TMPDIR=~/tmp && mkdir -p ~/tmp"),
        (root, missing, "move the checkout to a file system without noexec"),
    )
    for place, found, remedy in places:
        if os.statvfs(str(place)).f_flag & getattr(os, "ST_NOEXEC", 0):
            yield found(f"{place} is mounted noexec: no program there runs", remedy)


def clock(root: Path) -> Finding:
    """Compare the clock with the last commit, and ask whether it is synchronised."""
    try:
        committed = int(output("git", "-C", str(root), "log", "-1", "--format=%ct"))
    except (Failed, ValueError):
        committed = 0
    now = time.time()
    if now + 60 < committed:
        says = time.strftime("%Y-%m-%d %H:%M", time.gmtime(now))
        return odd(
            f"the clock says {says} UTC, before the last commit", "sudo timedatectl set-ntp true"
        )
    try:
        synchronised = output("timedatectl", "show", "--property=NTPSynchronized", "--value")
    except Failed:
        return good("clock")
    if synchronised.strip() == "no":
        return odd(
            "the clock is not synchronised: tokens expire early or late",
            "sudo timedatectl set-ntp true",
        )
    return good("clock")


def locale() -> Finding:
    """Say whether the terminal is told UTF-8."""
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if encoding != "utf8":
        return odd(
            f"the locale is {sys.stdout.encoding}: marks and lines are garbled",
            "export LC_ALL=C.UTF-8",
        )
    return good("UTF-8")
