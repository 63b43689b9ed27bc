"""Pods that receive no calls for a while because a connection to them failed."""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from chassis.discovery.interface import Address

FIRST_S, LONGEST_S = 0.5, 5.0


class _Ejection(NamedTuple):
    """When the ejection ends, and its length in seconds."""

    until: float
    seconds: float


class Ejections:
    """Eject a pod after a failed connection, twice as long if another one fails soon after.

    The API server needs most of a minute to notice a lost node. Until then each call to one of
    its pods would wait for the connect timeout. A new pod may be ready just before its network
    route is, so the first ejection is short (outlier ejection in Envoy).
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ejections: dict[Address, _Ejection] = {}

    def add(self, address: Address) -> None:
        """Eject an address; failures during an ejection do not count."""
        now = self._clock()
        self._ejections = {a: d for a, d in self._ejections.items() if now < d.until + LONGEST_S}
        seconds = FIRST_S
        if before := self._ejections.get(address):
            if now < before.until:
                return
            seconds = min(2 * before.seconds, LONGEST_S)
        self._ejections[address] = _Ejection(now + seconds, seconds)

    def without(self, addresses: Sequence[Address]) -> Sequence[Address]:
        """Return the addresses that are not ejected; all of them if none would be left."""
        now = self._clock()
        return [one for one in addresses if not self._is_ejected(one, now)] or addresses

    def _is_ejected(self, address: Address, now: float) -> bool:
        ejection = self._ejections.get(address)
        return ejection is not None and now < ejection.until
