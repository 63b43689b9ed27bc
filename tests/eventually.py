"""Waiting for what another task is told over a connection."""

import asyncio
from collections.abc import Callable


async def until(holds: Callable[[], object], what: str = "it") -> None:
    """Return once `holds` does, looked at again and again; raise `AssertionError`."""
    try:
        async with asyncio.timeout(10):
            while not holds():  # noqa: ASYNC110 - what is awaited has no event of its own
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"waited in vain for {what}") from None
