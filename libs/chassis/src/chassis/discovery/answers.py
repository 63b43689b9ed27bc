"""Answers of a name server, kept for seconds."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from chassis.discovery.errors import LookupFailedError
from chassis.single_flight import SingleFlight

_MAX_ANSWERS = 1024
_TTL = 5.0
_NEGATIVE_TTL = 2.0
_USABLE_WHILE_FAILING = 300.0

_log = structlog.get_logger("chassis.discovery")


@dataclass(frozen=True, slots=True)
class _Answer:
    addresses: Sequence[str]
    asked_at: float


class Answers:
    """Ask once per name and TTL.

    A "no" is kept shorter, so that a service created later is found within seconds. When the
    look-up fails, the last answer serves for up to five minutes: services seldom move, and the
    name server's trouble must not become everyone's. That holds for a "no" as well: a short name
    is asked for in the own namespace first, where it mostly is not, with every call to another.
    """

    def __init__(
        self,
        look_up: Callable[[str], Awaitable[Sequence[str]]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look_up = look_up
        self._clock = clock
        self._kept: OrderedDict[str, _Answer] = OrderedDict()
        self._flights: SingleFlight[str, Sequence[str]] = SingleFlight()

    async def get(self, host: str) -> Sequence[str]:
        """Return the host's addresses, none where it does not exist.

        Raises `LookupFailedError` when nobody can say and nothing is known from before.
        """
        kept = self._kept.get(host)
        if kept is not None and self._age(kept) < (_TTL if kept.addresses else _NEGATIVE_TTL):
            return kept.addresses
        return await self._flights.run(host, lambda: self._ask(host))

    async def _ask(self, host: str) -> Sequence[str]:
        try:
            addresses = await self._look_up(host)
        except LookupFailedError as error:
            return self._last(host, error)
        self._kept[host] = _Answer(addresses, self._clock())
        self._kept.move_to_end(host)
        if len(self._kept) > _MAX_ANSWERS:
            self._kept.popitem(last=False)
        return addresses

    def _last(self, host: str, error: LookupFailedError) -> Sequence[str]:
        kept = self._kept.get(host)
        if kept is None or self._age(kept) > _USABLE_WHILE_FAILING:
            raise error
        _log.warning("name server fails, using its last answer", host=host, reason=str(error))
        return kept.addresses

    def _age(self, answer: _Answer) -> float:
        return self._clock() - answer.asked_at
