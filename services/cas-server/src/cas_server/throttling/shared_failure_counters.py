"""Failure counters that all replicas share in Redis; without Redis each replica counts alone."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog

from cas_server.stores.batcher import Batcher
from cas_server.stores.held_connections import HeldConnections
from cas_server.stores.redis_py import ConnectionPool, RedisError
from cas_server.throttling.failure_counters import (
    ADDRESS_UNDER_SUSPICION,
    COUNTERS,
    LIMITS,
    PAIR,
    PAIR_UNDER_SUSPICION,
    QUIET_S,
    Admission,
    Attempt,
    FailureCounters,
    Outcome,
)
from cas_server.throttling.failure_scripts import ADMIT, SETTLE
from cas_server.throttling.local_failure_counters import LEASE_S, LocalFailureCounters
from chassis.errors import TemporarilyUnavailable

_TIMEOUT_S = 0.5
_ALONE_S = 1.0
"""How long a replica counts alone before it asks Redis again, so that attempts do not wait."""
_QUIET = int(QUIET_S * 1000)
_LEASE = int(LEASE_S * 1000)
_RULES = (
    _QUIET,
    PAIR.free,
    PAIR.entries,
    PAIR_UNDER_SUSPICION,
    ADDRESS_UNDER_SUSPICION,
)
_LIMITS = tuple(
    number
    for limit in LIMITS
    for number in (limit.free, limit.first * 1000, limit.most * 1000, limit.entries)
)
_log = structlog.get_logger("cas_server.throttle")


class RedisFailureCounters:
    """Counts in Redis, by one script for each step; raises `TemporarilyUnavailable`."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._connections = HeldConnections(pool, most_idle=0)
        self._commands = Batcher[tuple[Any, ...], Any](self._send)

    async def look(self, attempt: Attempt) -> Admission:
        """Return whether an attempt may be made."""
        return await self._ask(attempt, 0)

    async def admit(self, attempt: Attempt) -> Admission:
        """Return whether an attempt may be made, and begin it."""
        return await self._ask(attempt, _LEASE)

    async def _ask(self, attempt: Attempt, lease: int) -> Admission:
        what = (*_keys(attempt), *attempt.counted, attempt.id, lease, *_RULES)
        verdict, wait, by, failures = await self._commands.submit(("EVAL", ADMIT, 6, *what))
        return Admission(wait / 1000, by.decode(), busy=verdict == b"busy", clean=failures == 0)

    async def settle(self, attempt: Attempt, outcome: Outcome) -> None:
        """Count how an attempt ended; settled twice, it counts once."""
        command = ("EVAL", SETTLE, 6, *_keys(attempt), *attempt.counted, attempt.id)
        await self._commands.submit((*command, outcome.value, _QUIET, *_LIMITS))

    async def _send(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                replies = await self._connections.run_all(commands)
            if refused := next((one for one in replies if isinstance(one, RedisError)), None):
                raise refused
        except (RedisError, OSError, TimeoutError) as error:
            raise TemporarilyUnavailable("The counters are away; try again") from error
        return replies


class SharedFailureCounters:
    """Counts in Redis, and in this process for when Redis is unavailable.

    So a replica that loses Redis continues from the failures that it has seen itself.
    """

    def __init__(self, shared: FailureCounters) -> None:
        self._shared, self._own = shared, LocalFailureCounters()
        self._alone_until = 0.0

    async def look(self, attempt: Attempt) -> Admission:
        """Return whether an attempt may be made."""
        return await self._ask(lambda counters: counters.look(attempt))

    async def admit(self, attempt: Attempt) -> Admission:
        """Return whether an attempt may be made, and begin it."""
        return await self._ask(lambda counters: counters.admit(attempt))

    async def _ask(self, question: Callable[[FailureCounters], Awaitable[Admission]]) -> Admission:
        if not self._is_alone():
            try:
                return await question(self._shared)
            except TemporarilyUnavailable:
                self._go_alone()
        return await question(self._own)

    async def settle(self, attempt: Attempt, outcome: Outcome) -> None:
        """Count how an attempt ended."""
        await self._own.settle(attempt, outcome)
        if not self._is_alone():
            try:
                await self._shared.settle(attempt, outcome)
            except TemporarilyUnavailable:
                self._go_alone()

    def _is_alone(self) -> bool:
        return time.monotonic() < self._alone_until

    def _go_alone(self) -> None:
        self._alone_until = time.monotonic() + _ALONE_S
        _log.warning("Redis is away; this replica counts wrong logins alone", seconds=_ALONE_S)


def _keys(attempt: Attempt) -> tuple[str, ...]:
    counters = (f"w:{attempt.kind}:{counter}" for counter in COUNTERS)
    return tuple(key for counter in counters for key in (counter, f"{counter}:ends"))
