"""A bound on guessing: failures count by name and source address together.

Someone who guesses from one address never locks out the owner, who comes from another. Attempts of
one name from one address are taken one after the other, so that a burst is counted like a row; and
one address has a few attempts under way at most, so that it can't take all the hashing there is.
"""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from weakref import WeakValueDictionary

from starlette.types import Scope

from cas_server.bounded import BoundedDict
from cas_server.errors import OAuthError, TooManyFailures
from chassis.errors import TemporarilyUnavailable

FAILURES = 10
"""Failures within the window, after which the name is refused from that address."""
_WINDOW_S = 60.0
_REMEMBERED = 10_000
_UNDER_WAY = 8
_WAITING = 256


def source_address(scope: Scope) -> str:
    """Return the address a request came from; forwarded headers are not believed."""
    client = scope.get("client")
    return client[0] if client else ""


@dataclass(slots=True)
class _Count:
    failures: int
    until: float


class _Turns:
    """The attempts of one address: a few under way, a bounded number waiting."""

    def __init__(self) -> None:
        self.under_way = asyncio.Semaphore(_UNDER_WAY)
        self.waiting = 0


class Throttle:
    """Counts failures of each (name, address); bounded in memory, whatever the names."""

    def __init__(self) -> None:
        self._counts: BoundedDict[bytes, _Count] = BoundedDict(_REMEMBERED)
        self._rows: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()
        self._turns: WeakValueDictionary[str, _Turns] = WeakValueDictionary()

    @asynccontextmanager
    async def attempt(self, name: str, address: str) -> AsyncIterator[None]:
        """Try inside the block; an `OAuthError` out of it is counted as a failure.

        Raises `TooManyFailures` (429) instead of another try.
        """
        key = hashlib.sha256(f"{address}\0{name}".encode()).digest()
        row = self._rows.setdefault(key, asyncio.Lock())
        async with row, self._turn(address):
            self._admit(key)
            try:
                yield
            except OAuthError:
                self._failed(key)
                raise

    @asynccontextmanager
    async def _turn(self, address: str) -> AsyncIterator[None]:
        turns = self._turns.setdefault(address, _Turns())
        if turns.waiting >= _WAITING:
            raise TemporarilyUnavailable("Too many attempts from this address; try again")
        turns.waiting += 1
        try:
            async with turns.under_way:
                yield
        finally:
            turns.waiting -= 1

    def _admit(self, key: bytes) -> None:
        count = self._current(key)
        if count is not None and count.failures >= FAILURES:
            raise TooManyFailures(max(1, round(count.until - time.monotonic())))

    def _failed(self, key: bytes) -> None:
        """Count a failure; the window begins with the first one."""
        count = self._current(key) or _Count(0, time.monotonic() + _WINDOW_S)
        count.failures += 1
        self._counts.set(key, count)

    def _current(self, key: bytes) -> _Count | None:
        count = self._counts.get(key)
        return count if count is not None and count.until > time.monotonic() else None
