"""Wait by polling, for conditions without an event."""

import time
from collections.abc import Callable
from typing import TypeVar

from suitectl import waiting

T = TypeVar("T")

PATIENCE_S = 60.0
"""The deadline of a hanging test, even on a busy machine. It is not a bound under test."""


async def until(holds: Callable[[], object], what: str = "it") -> None:
    """Wait until `holds` returns true, while other tasks run. Raises `TimeoutError`."""

    async def ask() -> bool:
        return bool(holds())

    await waiting.until(ask, what=what, seconds=PATIENCE_S, every=0.005)


def poll(ask: Callable[[], T | None], what: str = "it") -> T:
    """Poll other processes until a result is true. Raises `AssertionError` with the last result."""
    # clock: a test that hangs ends
    deadline = time.monotonic() + PATIENCE_S
    while not (result := ask()):
        assert time.monotonic() < deadline, f"{what}: still {result!r} after {PATIENCE_S:g} s"
        time.sleep(0.03)
    return result
