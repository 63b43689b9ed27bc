"""Watch a volume in a process that can't open more files, and so can't create a watcher.

Prints, to standard error, how each of two swaps was noticed: before and after files can be opened.
"""

import asyncio
import json
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio

from chassis.config import ConfigSource, LiveConfig, ServiceSettings, mounts
from chassis.testing import ConfigDirectory


class Numbered(ServiceSettings):
    """Settings that show which version is active."""

    number: int = 0


@contextmanager
def no_more_files() -> Iterator[None]:
    """Exhaust the file descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = max(int(path.name) for path in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (used, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def followed(live: LiveConfig[Numbered], mode: str) -> None:
    """Wait until the watch mode is `mode`."""
    while live.status.watch_mode != mode:  # noqa: ASYNC110 - a metric has no event
        await anyio.sleep(0.005)


async def main(path: Path) -> list[str]:
    """Return the watch modes at the two swaps."""
    mounts._REARM_S = 1.5
    volume = ConfigDirectory(path, {"application.yaml": "number: 0"})
    live = LiveConfig.load(ConfigSource("demo", config_dir=volume.path), Numbered)
    changed, stop, modes = asyncio.Semaphore(0), anyio.Event(), list[str]()
    live.on_change(lambda _: modes.append(live.status.watch_mode))
    live.on_change(lambda _: changed.release())
    async with anyio.create_task_group() as tasks:
        with no_more_files():
            tasks.start_soon(live.run, stop)
            await followed(live, "polling")
        for number, mode in ((1, "polling"), (2, "event")):
            await followed(live, mode)
            volume.swap({"application.yaml": f"number: {number}"})
            await changed.acquire()
        stop.set()
    return modes


if __name__ == "__main__":
    sys.stderr.write(json.dumps(asyncio.run(main(Path(sys.argv[1])))))
