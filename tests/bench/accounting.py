"""What a process has used, by the kernel's account of it."""

import sys
import time
from pathlib import Path

IS_KNOWN = sys.platform == "linux"
"""Whether a process may ask for the CPU time of another one."""
_CPUCLOCK_SCHED = 2


def cpu_seconds(pid: int | None) -> float | None:
    """Return the CPU time of a process with all its threads; None where it is not known."""
    if pid is None or not IS_KNOWN:
        return None
    try:
        return time.clock_gettime(_cpu_clock(pid))
    except OSError:
        return None


def _cpu_clock(pid: int) -> int:
    """Return the clock of a process, as clock_getcpuclockid(3) does on Linux."""
    return (~pid << 3) | _CPUCLOCK_SCHED


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process, pages that it shares with others included."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024
