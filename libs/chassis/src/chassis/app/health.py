"""What the probes are told: alive, started, ready."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog

ReadyCheck = Callable[[], Awaitable[None]]
"""Returns when what it looks at is there, raises when it is not."""

_TIMEOUT_S = 1.0
_FRESH_S = 1.0
_PATIENCE_S = 5.0
"""What a check may fail before a replica that was ready says so.

What one replica misses all of them miss: were they taken out of the Service while a failover is
under way, callers would find nobody instead of a 503 that says when to come again.
"""

_log = structlog.get_logger("chassis.health")


class Health:
    """The state of this replica; a drain makes it unready and leaves it alive."""

    def __init__(
        self, checks: Mapping[str, ReadyCheck], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self.started = False
        self.draining = False
        self._checks = dict(checks)
        self._held_at = dict.fromkeys(checks, float("-inf"))
        self._failures: dict[str, str] = {}
        self._checked_at = float("-inf")
        self._lock = asyncio.Lock()

    async def unready(self) -> Mapping[str, str]:
        """Return what is missing, by name; empty when the replica may take traffic."""
        if not self.started:
            return {"startup": "not started yet"}
        if self.draining:
            return {"shutdown": "draining"}
        async with self._lock:
            if self._clock() - self._checked_at > _FRESH_S:
                await self._look()
        return self._failures

    async def _look(self) -> None:
        names = list(self._checks)
        results = await asyncio.gather(*(self._check(name) for name in names))
        failures = {
            name: why for name, why in zip(names, results, strict=True) if why and self._lasts(name)
        }
        if failures.keys() != self._failures.keys():
            _log.warning("readiness changed", failing=sorted(failures))
        self._failures, self._checked_at = failures, self._clock()

    async def _check(self, name: str) -> str:
        """Return why a check fails, by the error's kind alone; empty where it holds."""
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                await self._checks[name]()
        except Exception as error:  # noqa: BLE001 - whatever a check raises means not ready
            return type(error).__name__
        self._held_at[name] = self._clock()
        return ""

    def _lasts(self, name: str) -> bool:
        return self._clock() - self._held_at[name] > _PATIENCE_S
