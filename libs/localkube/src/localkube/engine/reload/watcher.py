"""Watch folders by the kernel's notifications, also through their removal and return."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import watchfiles

from localkube.engine.reload.sources import is_source

STEP_MS = 30
"""A burst of saves ends when nothing changes for this long."""
DEBOUNCE_MS = 1000
"""A burst that does not end is one change after this long."""
CHECK_MS = 1000
"""How soon a watched folder that was replaced is noticed: the kernel watches the old one."""
POLL_MS = 300
"""The period where the kernel's limit of watches is reached."""


async def changes(roots: Sequence[Path]) -> AsyncIterator[None]:
    """Yield once after each burst of changes below the roots."""
    polling = False
    while True:
        watched = _identities(roots)
        try:
            async for changed in _watch(roots, polling=polling):
                if changed:
                    yield
                if _identities(roots) != watched:
                    yield
                    break
        except OSError as error:
            sys.stderr.write(f"no file watcher ({error}), polling\n")
            polling = True


async def _watch(roots: Sequence[Path], *, polling: bool) -> AsyncIterator[set[object]]:
    existing = [root for root in roots if root.is_dir()]
    if not existing:
        await asyncio.sleep(CHECK_MS / 1000)
        yield set()
        return
    async for changed in watchfiles.awatch(
        *existing,
        watch_filter=lambda _, path: any(
            is_source(path, root) for root in existing if Path(path).is_relative_to(root)
        ),
        step=STEP_MS,
        debounce=DEBOUNCE_MS,
        rust_timeout=CHECK_MS,
        yield_on_timeout=True,
        force_polling=polling or None,
        poll_delay_ms=POLL_MS,
    ):
        yield set(changed)


def _identities(roots: Sequence[Path]) -> list[tuple[int, int] | None]:
    return [_identity(root) for root in roots]


def _identity(root: Path) -> tuple[int, int] | None:
    try:
        status = root.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
