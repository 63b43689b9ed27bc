"""Counters of one replica, for when Redis is unavailable."""

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cas_server.throttling.failure_counters import (
    ADDRESS_UNDER_SUSPICION,
    COUNTERS,
    LIMITS,
    PAIR,
    PAIR_UNDER_SUSPICION,
    QUIET_S,
    Admission,
    Attempt,
    Kind,
    Limit,
    Outcome,
)

LEASE_S = 30.0
"""How long an attempt counts as under way if its replica dies before it is settled."""


@dataclass(slots=True)
class _Entry:
    failures: int = 0
    until: float = 0.0
    forgotten: float = 0.0
    under_way: dict[bytes, float] = field(default_factory=dict)


class _Table:
    """The entries of one counter, bounded as its limit says."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.entries: dict[bytes, _Entry] = {}

    def at(self, key: bytes, now: float) -> _Entry:
        """Return the current entry; a new one is stored only when it changes."""
        entry = self.entries.get(key)
        if entry is None or entry.forgotten <= now:
            return _Entry()
        entry.under_way = {one: ends for one, ends in entry.under_way.items() if ends > now}
        return entry

    def fail(self, key: bytes, now: float) -> None:
        entry = self.at(key, now)
        entry.failures += 1
        entry.until = now + self.limit.wait(entry.failures)
        self.keep(key, entry, now + self.limit.remembered(entry.failures))

    def keep(self, key: bytes, entry: _Entry, forgotten: float) -> None:
        entry.forgotten = max(entry.forgotten, forgotten)
        self.entries[key] = entry
        if len(self.entries) > self.limit.entries:
            # A tenth at once, because finding them scans all entries.
            for old in heapq.nsmallest(
                self.limit.entries // 10, self.entries, key=lambda one: self.entries[one].forgotten
            ):
                del self.entries[old]


class LocalFailureCounters:
    """Counts in this process alone, by the rules that `failure_scripts` has for Redis."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tables = {kind: tuple(map(_Table, LIMITS)) for kind in Kind}

    async def look(self, attempt: Attempt) -> Admission:
        """Return whether an attempt may be made."""
        return self._look(attempt, self._clock())

    async def admit(self, attempt: Attempt) -> Admission:
        """Return whether an attempt may be made, and begin it."""
        now = self._clock()
        admission = self._look(attempt, now)
        if not (admission.wait or admission.busy):
            table = self._tables[attempt.kind][0]
            pair = table.at(attempt.pair, now)
            pair.under_way[attempt.id] = now + LEASE_S
            table.keep(attempt.pair, pair, now + QUIET_S)
        return admission

    def _look(self, attempt: Attempt, now: float) -> Admission:
        tables = self._tables[attempt.kind]
        pair, address, name = (
            table.at(key, now) for table, key in zip(tables, attempt.counted, strict=True)
        )
        untils = [pair.until, address.until, name.until]
        if pair.failures < PAIR_UNDER_SUSPICION and address.failures < ADDRESS_UNDER_SUSPICION:
            untils.pop()
        longest, clean = max(untils), address.failures == 0
        if longest > now:
            return Admission(longest - now, COUNTERS[untils.index(longest)], clean=clean)
        busy = len(pair.under_way) >= max(1, PAIR.free - pair.failures)
        return Admission(busy=busy, clean=clean)

    async def settle(self, attempt: Attempt, outcome: Outcome) -> None:
        """Count how an attempt ended."""
        now, tables = self._clock(), self._tables[attempt.kind]
        pair = tables[0].at(attempt.pair, now)
        pair.under_way.pop(attempt.id, None)
        if outcome is Outcome.FAILED:
            for table, key in zip(tables, attempt.counted, strict=True):
                table.fail(key, now)
            return
        if outcome is Outcome.PASSED:
            pair.failures, pair.until = 0, 0.0
        if not pair.failures and not pair.under_way:
            tables[0].entries.pop(attempt.pair, None)
