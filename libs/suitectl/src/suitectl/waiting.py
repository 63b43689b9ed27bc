"""Polls a condition without an event, within a time limit."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def until(
    ask: Callable[[], Awaitable[T | None]], *, what: str, seconds: float, every: float = 0.05
) -> T:
    """Poll until the result is neither None nor False; raise TimeoutError naming `what`."""
    deadline = time.monotonic() + seconds
    while True:
        result = await ask()
        if result is not None and result is not False:
            return result
        if time.monotonic() > deadline:
            raise TimeoutError(f"timed out after {seconds:g} s waiting for {what}")
        await asyncio.sleep(every)
