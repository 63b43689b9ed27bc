"""Which pods get no calls for a while, because no connection to them came about."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from chassis.discovery.interface import Address

FIRST_S, LONGEST_S = 0.5, 5.0


class _Doubt(NamedTuple):
    """Until when an address gets no calls, and for how many seconds in all."""

    until: float
    seconds: float


class Doubts:
    """Leaves a pod out after a connection failed, twice as long where one fails soon after that.

    A node that is lost takes the API server most of a minute to see, in which every call whose
    turn its pods were would wait for a connection first. A new pod may be ready a moment before
    the network leads to it: hence the first while is short.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._doubts: dict[Address, _Doubt] = {}

    def __len__(self) -> int:
        """Return how many addresses are known as doubtful, or were within the last seconds."""
        return len(self._doubts)

    def add(self, address: Address) -> None:
        """Leave an address out; failures while it is left out count for nothing."""
        now = self._clock()
        self._doubts = {a: d for a, d in self._doubts.items() if now < d.until + LONGEST_S}
        seconds = FIRST_S
        if before := self._doubts.get(address):
            if now < before.until:
                return
            seconds = min(2 * before.seconds, LONGEST_S)
        self._doubts[address] = _Doubt(now + seconds, seconds)

    def without(self, addresses: Sequence[Address]) -> Sequence[Address]:
        """Return those that get calls now; all of them where none would be left."""
        now = self._clock()
        return [one for one in addresses if not self._is_doubted(one, now)] or addresses

    def _is_doubted(self, address: Address, now: float) -> bool:
        doubt = self._doubts.get(address)
        return doubt is not None and now < doubt.until
