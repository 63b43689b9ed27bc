"""A queue for what only a few can do at once, fair by address and by name.

Start-time fair queueing in two dimensions: a waiter's number is the one that was served last, and
one more for each that waits already from its address, or for its name, whichever are more. The
lowest number is served first. So whoever sends much waits behind himself: three hundred attempts of
one name, or from one address, stand in a row, and the next caller beside the first of them.
"""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from chassis.errors import TemporarilyUnavailable

MAX_WAITING = 256
MAX_WAITING_PER_ADDRESS = 64
PATIENCE_S = 5.0
_RETRY_AFTER_S = 5
_LATE = 8
"""How much further back those stand who failed before: each has an eighth of another's share."""


@dataclass(slots=True, eq=False)
class _Waiter:
    number: int
    address: Hashable
    name: Hashable
    turn: "asyncio.Future[None]" = field(repr=False)

    @property
    def pair(self) -> tuple[Hashable, Hashable]:
        return self.address, self.name


class FairQueue:
    """Gives `places` turns at once, of one pair of address and name only one."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._served = 0
        self._waiting: list[_Waiter] = []
        self._under_way: list[tuple[Hashable, Hashable]] = []

    @asynccontextmanager
    async def turn(
        self, address: Hashable, name: Hashable, *, late: bool = False
    ) -> AsyncIterator[None]:
        """Wait for a turn and have it inside the block; raise `TemporarilyUnavailable` (503).

        `late` are those who failed before; they stand in a row of their own for a name, so that
        who guesses it does not make its owner wait.
        """
        loop = asyncio.get_running_loop()
        waiter = self._enter(address, (name, late), loop.create_future(), _LATE if late else 1)
        self._serve()
        patience = loop.call_later(PATIENCE_S, self._dismiss, waiter)
        try:
            await waiter.turn
            patience.cancel()
            yield
        finally:
            patience.cancel()
            self._leave(waiter)

    def _enter(
        self, address: Hashable, name: Hashable, turn: "asyncio.Future[None]", step: int
    ) -> _Waiter:
        of_address = sum(one.address == address for one in self._waiting)
        of_name = sum(one.name == name for one in self._waiting)
        if of_address >= MAX_WAITING_PER_ADDRESS:
            raise _too_many()
        number = self._served + step * (1 + max(of_address, of_name))
        waiter = _Waiter(number, address, name, turn)
        self._waiting.append(waiter)
        if len(self._waiting) > MAX_WAITING:
            # Whoever has the most in the row makes room, which may be the one who comes.
            self._dismiss(max(reversed(self._waiting), key=lambda one: one.number))
        return waiter

    def _serve(self) -> None:
        while len(self._under_way) < self._places:
            able = (one for one in self._waiting if self._is_able(one))
            first = min(able, key=lambda one: one.number, default=None)
            if first is None:
                return
            self._waiting.remove(first)
            self._under_way.append(first.pair)
            self._served = max(self._served, first.number)
            first.turn.set_result(None)

    def _is_able(self, waiter: _Waiter) -> bool:
        return waiter.pair not in self._under_way and not waiter.turn.done()

    def _dismiss(self, waiter: _Waiter) -> None:
        if waiter in self._waiting and not waiter.turn.done():
            self._waiting.remove(waiter)
            waiter.turn.set_exception(_too_many())

    def _leave(self, waiter: _Waiter) -> None:
        """Make room: behind a turn that was had, or by one who no longer waits."""
        if waiter in self._waiting:
            self._waiting.remove(waiter)
        elif waiter.turn.done() and not waiter.turn.cancelled() and not waiter.turn.exception():
            self._under_way.remove(waiter.pair)
            self._serve()


def _too_many() -> TemporarilyUnavailable:
    return TemporarilyUnavailable(
        "Too many secrets are being compared; try again", retry_after=_RETRY_AFTER_S
    )
