"""Wait by polling, for conditions without an event."""

import time
from collections.abc import Callable
from typing import TypeVar

from suitectl import waiting

T = TypeVar("T")

PATIENCE_S = 60.0
"""When a test that hangs is ended, however busy the machine: no bound that a test is to show."""


async def until(holds: Callable[[], object], what: str = "it") -> None:
    """Wait until `holds` returns true, while other tasks run. Raises `TimeoutError`."""

    async def ask() -> bool:
        return bool(holds())

    await waiting.until(ask, what=what, seconds=PATIENCE_S, every=0.005)


def answered(ask: Callable[[], T | None], what: str = "it") -> T:
    """Poll other processes until a result is true. Raises `AssertionError` with the last result."""
    deadline = time.monotonic() + PATIENCE_S
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"{what}: still {answer!r} after {PATIENCE_S:g} s"
        time.sleep(0.03)
    return answer
