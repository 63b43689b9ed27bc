"""A bound on guessing: failures count by name and source address together.

Someone who guesses from one address never locks out the owner, who comes from another.
"""

import time
from dataclasses import dataclass

from starlette.types import Scope

from cas_server.bounded import BoundedDict
from cas_server.errors import TooManyFailures

FAILURES = 10
"""Failures within the window, after which the name is refused from that address."""
_WINDOW_S = 60.0
_REMEMBERED = 10_000


def source_address(scope: Scope) -> str:
    """Return the address a request came from; forwarded headers are not believed."""
    client = scope.get("client")
    return client[0] if client else ""


@dataclass(slots=True)
class _Count:
    failures: int
    until: float


class Throttle:
    """Counts failures of each (name, address); bounded in memory."""

    def __init__(self) -> None:
        self._counts: BoundedDict[tuple[str, str], _Count] = BoundedDict(_REMEMBERED)

    def admit(self, name: str, address: str) -> None:
        """Return while there are few failures; raise `TooManyFailures` after."""
        count = self._current((name, address))
        if count is not None and count.failures >= FAILURES:
            raise TooManyFailures(max(1, round(count.until - time.monotonic())))

    def failed(self, name: str, address: str) -> None:
        """Count a failure; the window begins with the first one."""
        key = (name, address)
        count = self._current(key) or _Count(0, time.monotonic() + _WINDOW_S)
        count.failures += 1
        self._counts.set(key, count)

    def _current(self, key: tuple[str, str]) -> _Count | None:
        count = self._counts.get(key)
        return count if count is not None and count.until > time.monotonic() else None
