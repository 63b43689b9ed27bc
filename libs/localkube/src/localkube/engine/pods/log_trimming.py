"""A bound on log files, whoever writes them."""

import asyncio
import contextlib
from pathlib import Path

LIMIT_BYTES = 20 * 1024 * 1024
KEPT_BYTES = 1024 * 1024
_LOOK_EVERY_S = 10.0


async def tend(pods: Path) -> None:
    """Trim the pods' logs now and then, until cancelled."""
    while True:
        await asyncio.to_thread(_trim_all, pods)
        await asyncio.sleep(_LOOK_EVERY_S)


def _trim_all(pods: Path) -> None:
    for path in pods.glob("**/logs/*.log"):
        with contextlib.suppress(FileNotFoundError):  # its pod is gone by now
            trim(path)


def trim(path: Path) -> None:
    """Cut a file that has grown too long to its last part; a writer that appends goes on."""
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        if size <= LIMIT_BYTES:
            return
        file.seek(size - KEPT_BYTES)
        rest = file.read()
        file.truncate(0)
        file.seek(0)
        file.write(rest[rest.find(b"\n") + 1 :])
