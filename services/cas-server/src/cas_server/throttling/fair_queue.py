"""A queue for work that only a few callers can do at once, fair by address and by name.

A waiter's number is the count of turns served before it came, plus a step for each waiter from its
address, or for its name, whichever are more. The lowest number is served first. So a heavy sender
waits behind its own attempts, though not for ever: three hundred attempts of one name, or from one
address, wait behind a single one of somebody else.

Callers that failed before take long steps. In a crowd all of them share an eighth of one place, so
that distributed guessing leaves the processor to everybody else.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Hashable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from random import random
from typing import Any

from cas_server.errors import TooManyWaiting

MAX_WAITING = 256
MAX_WAITING_PER_ADDRESS = 64
MAX_FAILED_PER_ADDRESS = 2
PATIENCE_S = 5.0
RETRY_AFTER_S = 5
_CROWD = 8
"""Waiting addresses; with more of them, callers that failed before are held back."""
_PAUSE_FACTOR = 7
_MAX_PAUSE_S = 1.0
"""In a crowd each of their turns is followed by a pause of seven times its length, up to this."""


class Priority(IntEnum):
    """How a caller is served; the value is the length of its steps."""

    PROVEN = 1
    """Had the right secret at this replica before."""
    NEW = 16
    FAILED_BEFORE = 128
    """Failed before."""


@dataclass(slots=True, eq=False)
class _Waiter:
    since: int
    address: Hashable
    name: Hashable
    entered_as: Priority
    lot: float
    turn: "asyncio.Future[None]" = field(repr=False)
    began: float = 0.0

    @property
    def pair(self) -> tuple[Hashable, Hashable]:
        return self.address, self.name

    @property
    def rows(self) -> tuple[tuple[Hashable, Priority], ...]:
        """By priority: guessing a name does not make its owner wait."""
        return (self.address, self.entered_as), (self.name, self.entered_as)


class FairQueue:
    """Gives `places` turns at once, and only one to each pair of address and name.

    `priority` returns the priority of an address with a name; it is called each time.
    """

    def __init__(
        self,
        places: int,
        priority: Callable[[Hashable, Hashable], Priority] = lambda _, __: Priority.NEW,
    ) -> None:
        self._places, self._priority = places, priority
        self._served = 0
        self._failed_from = 0.0
        self._waiting: dict[_Waiter, None] = {}
        self._under_way: dict[tuple[Hashable, Hashable], Priority] = {}
        self._of_address: Counter[Hashable] = Counter()
        self._rows: Counter[tuple[Hashable, Priority]] = Counter()

    def has_room(self, address: Hashable, name: Hashable) -> bool:
        """Say whether an address has fewer waiting than it may.

        Cheap, because a flood calls it most. A full queue takes only one of each address.
        """
        most = MAX_WAITING_PER_ADDRESS
        if self._is_crowd and self._priority(address, name) is Priority.FAILED_BEFORE:
            most = MAX_FAILED_PER_ADDRESS
        if len(self._waiting) >= MAX_WAITING:
            most = 1
        return self._of_address.get(address, 0) < most

    @asynccontextmanager
    async def turn(self, address: Hashable, name: Hashable) -> AsyncIterator[None]:
        """Wait for a turn, which lasts for the block; raise `TooManyWaiting` (503)."""
        if not self.has_room(address, name):
            raise TooManyWaiting(caused_by_caller=True, retry_after=RETRY_AFTER_S)
        loop = asyncio.get_running_loop()
        waiter = self._enter(address, name, loop.create_future())
        self._serve([waiter])
        patience = loop.call_later(PATIENCE_S, self._turn_away, waiter)
        try:
            await waiter.turn
            patience.cancel()
            yield
        finally:
            patience.cancel()
            self._leave(waiter)
            del waiter  # its turn may hold the error that knows this frame: a cycle

    def _enter(self, address: Hashable, name: Hashable, turn: "asyncio.Future[None]") -> _Waiter:
        lot = random()  # noqa: S311 - no secret
        waiter = _Waiter(self._served, address, name, self._priority(address, name), lot, turn)
        self._waiting[waiter] = None
        self._of_address[address] += 1
        for row in waiter.rows:
            self._rows[row] += 1
        if len(self._waiting) > MAX_WAITING:
            # The last in the queue is turned away, which may be the newcomer.
            self._turn_away(max(reversed(self._waiting), key=self._number))
        return waiter

    @property
    def _is_crowd(self) -> bool:
        return len(self._of_address) > _CROWD

    def _number(self, waiter: _Waiter) -> int:
        longest = max(self._rows[row] for row in waiter.rows)
        return waiter.since + longest * self._priority(*waiter.pair)

    def _order(self, waiter: _Waiter) -> tuple[int, float]:
        """Draw lots among equals, so that replicas compare guesses of different new addresses.

        In one order all of them would compare the same address at the same moment, before one
        learns from another that it fails.
        """
        return self._number(waiter), waiter.lot

    def _serve(self, candidates: Iterable[_Waiter] | None = None) -> None:
        """Give the free places; a newcomer is the only candidate where no other waiter is able."""
        now = asyncio.get_running_loop().time()
        while len(self._under_way) < self._places:
            failed_may = not self._is_crowd or (
                now >= self._failed_from and Priority.FAILED_BEFORE not in self._under_way.values()
            )
            able = (
                one
                for one in candidates or self._waiting
                if self._is_able(one, failed_may=failed_may)
            )
            first = min(able, key=self._order, default=None)
            if first is None:
                return
            self._served += 1
            self._under_way[first.pair] = self._priority(*first.pair)
            self._remove(first)
            first.began = now
            first.turn.set_result(None)

    def _is_able(self, waiter: _Waiter, *, failed_may: bool) -> bool:
        if waiter.pair in self._under_way or waiter.turn.done():
            return False
        return failed_may or self._priority(*waiter.pair) is not Priority.FAILED_BEFORE

    def _turn_away(self, waiter: _Waiter) -> None:
        if waiter in self._waiting and not waiter.turn.done():
            self._remove(waiter)
            late = self._priority(*waiter.pair) is Priority.FAILED_BEFORE
            waiter.turn.set_exception(
                TooManyWaiting(caused_by_caller=late, retry_after=RETRY_AFTER_S)
            )

    def _leave(self, waiter: _Waiter) -> None:
        """Free the place of a turn that is over, or of a waiter that has left."""
        if waiter in self._waiting:
            self._remove(waiter)
        elif waiter.turn.done() and not waiter.turn.cancelled() and not waiter.turn.exception():
            if self._under_way.pop(waiter.pair) is Priority.FAILED_BEFORE and self._is_crowd:
                self._pause_failed(waiter)
            self._serve()

    def _pause_failed(self, waiter: _Waiter) -> None:
        """Hold back callers that failed before, for a while after one of them."""
        loop = asyncio.get_running_loop()
        rest = min(_MAX_PAUSE_S, _PAUSE_FACTOR * (loop.time() - waiter.began))
        self._failed_from = loop.time() + rest
        loop.call_later(rest, self._serve)

    def _remove(self, waiter: _Waiter) -> None:
        del self._waiting[waiter]
        _decrement(self._of_address, waiter.address)
        for row in waiter.rows:
            _decrement(self._rows, row)


def _decrement(counts: Counter[Any], key: Hashable) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]
