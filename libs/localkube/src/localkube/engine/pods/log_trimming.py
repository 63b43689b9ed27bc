"""Bound the size of log files, which processes write themselves."""

import asyncio
import contextlib
from pathlib import Path

LIMIT_BYTES = 20 * 1024 * 1024
REMAINING_BYTES = 1024 * 1024
_PERIOD_S = 10.0


async def trim_logs(pods: Path) -> None:
    """Trim the logs of all pods periodically, until cancelled."""
    while True:
        await asyncio.to_thread(_trim_all, pods)
        await asyncio.sleep(_PERIOD_S)


def _trim_all(pods: Path) -> None:
    for path in pods.glob("**/logs/*.log"):
        with contextlib.suppress(FileNotFoundError):  # its pod has ended
            trim(path)


def trim(path: Path) -> None:
    """Cut a file beyond the limit to its last lines; a process that appends is not disturbed."""
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        if size <= LIMIT_BYTES:
            return
        file.seek(size - REMAINING_BYTES)
        rest = file.read()
        file.truncate(0)
        file.seek(0)
        file.write(rest[rest.find(b"\n") + 1 :])
