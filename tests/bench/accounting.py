"""What a process has used, by the kernel's account of it."""

import os
from pathlib import Path


def cpu_seconds(pid: int | None) -> float | None:
    """Return the CPU time of a process with all its threads; None without a process or /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The command's name, in parentheses, may have spaces itself.
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
