"""DNS results, cached for seconds and refreshed in the background."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import structlog

from chassis.discovery.errors import LookupFailedError
from chassis.single_flight import SingleFlight

_MAX_RECORDS = 1024
_MAX_REFRESHES = 32
_TTL = 5.0
_NEGATIVE_TTL = 2.0
_USABLE_TTLS = 3
_USABLE_WHILE_FAILING = 300.0
_PAUSE = 1.0
"""Seconds between a failed look-up, or one after a failed connection, and the next."""

_log = structlog.get_logger("chassis.discovery")


@dataclass(frozen=True, slots=True)
class _Record:
    """The addresses returned at `answered_at`, and the failures since then."""

    addresses: Sequence[str]
    answered_at: float
    queried_at: float
    failing: bool = False
    """The look-up at `queried_at` failed."""
    suspect: bool = False
    """A connection has failed since that look-up."""

    @property
    def ttl(self) -> float:
        return _TTL if self.addresses else _NEGATIVE_TTL

    def is_fresh(self, now: float) -> bool:
        """Return whether the record needs no new look-up."""
        return not self.suspect and now < self.queried_at + (_PAUSE if self.failing else self.ttl)

    def is_usable(self, now: float) -> bool:
        """Return whether callers can use the record without waiting for a new look-up."""
        trusted = self.failing or not self.suspect
        return trusted and self.is_alive(now) and now < self.queried_at + _USABLE_TTLS * self.ttl

    def is_alive(self, now: float) -> bool:
        """Return whether the record may serve while look-ups fail."""
        return now < self.answered_at + _USABLE_WHILE_FAILING


class DnsCache:
    """Query once per name and TTL; serve stale records while a refresh runs.

    A record up to three TTLs old is returned at once while a task refreshes it, so a lost packet
    delays no caller. An older record is not returned before a new look-up. Negative results have
    the shorter TTL, so that a service created later is found within seconds.

    While look-ups fail, the last record serves for up to five minutes: services seldom move, and
    an outage of the name server must not spread. This includes negative results: each call to
    another namespace queries its short name in the own namespace first.
    """

    def __init__(
        self,
        look_up: Callable[[str], Awaitable[Sequence[str]]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look_up = look_up
        self._clock = clock
        self._records: OrderedDict[str, _Record] = OrderedDict()
        self._flights: SingleFlight[str, Sequence[str]] = SingleFlight()
        self._refreshes: dict[str, asyncio.Task[None]] = {}

    async def get(self, host: str) -> Sequence[str]:
        """Return the host's addresses, empty if it does not exist.

        Raises `LookupFailedError` if the look-up fails and no record is cached.
        """
        record, now = self._records.get(host), self._clock()
        if record is None or not record.is_usable(now):
            return await self._flights.run(host, lambda: self._ask(host))
        if not record.is_fresh(now):
            self._refresh(host)
        return record.addresses

    def report_failure(self, address: str) -> None:
        """Make the next caller of each name with this address wait for a new look-up.

        At most once a second per name: the address may be right and its service down. While
        look-ups fail, callers do not wait for another one.
        """
        now = self._clock()
        for host, record in self._records.items():
            if address in record.addresses and now >= record.queried_at + _PAUSE:
                self._records[host] = replace(record, suspect=True)

    async def aclose(self) -> None:
        """Cancel background look-ups."""
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
        with suppress(LookupFailedError):  # logged if a record was cached
            await self._flights.run(host, lambda: self._ask(host))

    async def _ask(self, host: str) -> Sequence[str]:
        try:
            addresses = await self._look_up(host)
        except LookupFailedError as error:
            return self._last(host, error)
        now = self._clock()
        self._store(host, _Record(addresses, answered_at=now, queried_at=now))
        return addresses

    def _last(self, host: str, error: LookupFailedError) -> Sequence[str]:
        record, now = self._records.get(host), self._clock()
        if record is None or not record.is_alive(now):
            raise error
        if not record.failing:
            _log.warning(
                "DNS look-up failed, using the cached result", host=host, reason=str(error)
            )
        self._store(host, replace(record, queried_at=now, failing=True, suspect=False))
        return record.addresses

    def _store(self, host: str, record: _Record) -> None:
        self._records[host] = record
        self._records.move_to_end(host)
        if len(self._records) > _MAX_RECORDS:
            self._records.popitem(last=False)
