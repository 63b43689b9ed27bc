"""The memory of this process and its descendants, which must stay flat in a long run."""

from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_KIB_A_MIB = 1024


def resident_mib() -> float | None:
    """Return their total resident memory in MiB, or None without /proc."""
    if not (_PROC / "self/status").is_file():
        return None
    return sum(_resident_kib(process) for process in _with_descendants("self")) / _KIB_A_MIB


def _with_descendants(process: str) -> Iterator[str]:
    yield process
    for task in (_PROC / process / "task").glob("*/children"):
        for child in _read(task).split():
            yield from _with_descendants(child)


def _resident_kib(process: str) -> int:
    lines = _read(_PROC / process / "status").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def _read(path: Path) -> str:
    """Return a /proc file of a process, or an empty text if it has just ended."""
    try:
        return path.read_text("ascii", "replace")
    except OSError:
        return ""
