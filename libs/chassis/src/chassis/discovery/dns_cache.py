"""Answers of a name server, kept for seconds."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import structlog

from chassis.discovery.errors import LookupFailedError
from chassis.single_flight import SingleFlight

_MAX_ANSWERS = 1024
_MAX_REFRESHES = 32
_TTL = 5.0
_NEGATIVE_TTL = 2.0
_USABLE_TTLS = 3
_USABLE_WHILE_FAILING = 300.0
_PAUSE = 1.0
"""Between a failed look-up, or one that a failed connection asks for, and the next."""

_log = structlog.get_logger("chassis.discovery")


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a name server said at `given_at`, and what has been heard since."""

    addresses: Sequence[str]
    given_at: float
    asked_at: float
    failing: bool = False
    """The look-up of `asked_at` had no answer."""
    doubted: bool = False
    """A connection failed since."""

    @property
    def ttl(self) -> float:
        return _TTL if self.addresses else _NEGATIVE_TTL

    def is_fresh(self, now: float) -> bool:
        """Tell whether it needs no new look-up."""
        return not self.doubted and now < self.asked_at + (_PAUSE if self.failing else self.ttl)

    def is_usable(self, now: float) -> bool:
        """Tell whether nobody has to wait for that look-up."""
        trusted = self.failing or not self.doubted
        return trusted and self.is_alive(now) and now < self.asked_at + _USABLE_TTLS * self.ttl

    def is_alive(self, now: float) -> bool:
        """Tell whether it is better than none."""
        return now < self.given_at + _USABLE_WHILE_FAILING


class Answers:
    """Ask once per name and TTL, and seldom let anyone wait for it.

    After its TTL an answer is still given at once, up to three TTLs old, while a task asks anew:
    a lost packet costs no caller anything, and a caller after a long silence gets no old answer.
    A "no" has the shorter TTL, so that a service created later is found within seconds.

    While look-ups fail, the last answer serves for up to five minutes: services seldom move, and
    the name server's trouble must not become everyone's. That holds for a "no" as well: a short
    name is asked for in the own namespace first, where it mostly is not, with every call to
    another.
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
        self._refreshes: dict[str, asyncio.Task[None]] = {}

    async def get(self, host: str) -> Sequence[str]:
        """Return the host's addresses, none where it does not exist.

        Raises `LookupFailedError` when nobody can say and nothing is known from before.
        """
        kept, now = self._kept.get(host), self._clock()
        if kept is None or not kept.is_usable(now):
            return await self._flights.run(host, lambda: self._ask(host))
        if not kept.is_fresh(now):
            self._refresh(host)
        return kept.addresses

    def doubt(self, address: str) -> None:
        """Have the next caller wait for a new look-up of each name with this address.

        At most one a second for a name: the address may be right, and its service down. While
        look-ups fail anyway nobody is made to wait for one more.
        """
        now = self._clock()
        for host, kept in self._kept.items():
            if address in kept.addresses and now >= kept.asked_at + _PAUSE:
                self._kept[host] = replace(kept, doubted=True)

    async def aclose(self) -> None:
        """End the look-ups that nobody waits for."""
        refreshes = list(self._refreshes.values())
        for refresh in refreshes:
            refresh.cancel()
        await asyncio.gather(*refreshes, return_exceptions=True)

    def _refresh(self, host: str) -> None:
        if host in self._refreshes or len(self._refreshes) == _MAX_REFRESHES:
            return
        refresh = asyncio.create_task(self._ask_unwaited(host), name=f"look-up of {host}")
        self._refreshes[host] = refresh
        refresh.add_done_callback(lambda _: self._refreshes.pop(host))

    async def _ask_unwaited(self, host: str) -> None:
        with suppress(LookupFailedError):  # logged, where there was an answer to lose
            await self._flights.run(host, lambda: self._ask(host))

    async def _ask(self, host: str) -> Sequence[str]:
        try:
            addresses = await self._look_up(host)
        except LookupFailedError as error:
            return self._last(host, error)
        now = self._clock()
        self._keep(host, _Answer(addresses, given_at=now, asked_at=now))
        return addresses

    def _last(self, host: str, error: LookupFailedError) -> Sequence[str]:
        kept, now = self._kept.get(host), self._clock()
        if kept is None or not kept.is_alive(now):
            raise error
        if not kept.failing:
            _log.warning("name server fails, using its last answer", host=host, reason=str(error))
        self._keep(host, replace(kept, asked_at=now, failing=True, doubted=False))
        return kept.addresses

    def _keep(self, host: str, answer: _Answer) -> None:
        self._kept[host] = answer
        self._kept.move_to_end(host)
        if len(self._kept) > _MAX_ANSWERS:
            self._kept.popitem(last=False)
