"""The state that the probes report: alive, started, ready."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog

ReadyCheck = Callable[[], Awaitable[None]]
"""A readiness check: it raises if a dependency is unavailable."""

_TIMEOUT_S = 1.0
_FRESH_S = 1.0
_PATIENCE_S = 5.0
"""Seconds that a check may fail before a ready replica becomes unready.

All replicas share a dependency. If a failover made them all unready, callers would find no
endpoint instead of a 503 with Retry-After.
"""

_log = structlog.get_logger("chassis.health")


class Health:
    """The state of this replica; draining makes it unready, not dead."""

    def __init__(
        self, checks: Mapping[str, ReadyCheck], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self.started = False
        self.draining = False
        self._checks = dict(checks)
        self._passed_at = dict.fromkeys(checks, float("-inf"))
        self._failures: dict[str, str] = {}
        self._checked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def unready(self) -> Mapping[str, str]:
        """Return the failing checks and their reasons; empty if the replica is ready."""
        if not self.started:
            return {"startup": "not started yet"}
        if self.draining:
            return {"shutdown": "draining"}
        async with self._lock:
            if self._clock() - self._checked_at > _FRESH_S:
                await self._check_all()
        return self._failures

    async def _check_all(self) -> None:
        names = list(self._checks)
        results = await asyncio.gather(*(self._check(name) for name in names))
        failures = {
            name: why
            for name, why in zip(names, results, strict=True)
            if why and self._clock() - self._passed_at[name] > _PATIENCE_S
        }
        if failures.keys() != self._failures.keys():
            _log.warning("readiness changed", failing=sorted(failures))
        self._failures, self._checked_at = failures, self._clock()

    async def _check(self, name: str) -> str:
        """Return the class of a failing check's error; empty if it passes."""
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                await self._checks[name]()
        except Exception as error:  # noqa: BLE001 - any error means not ready
            return type(error).__name__
        self._passed_at[name] = self._clock()
        return ""
