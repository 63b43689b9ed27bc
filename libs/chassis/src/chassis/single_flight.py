"""Concurrent calls for one key are one call."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Outcome(Generic[T]):
    """What the leader ended with; neither where it was cancelled."""

    value: T | None = None
    error: Exception | None = None
    cancelled: bool = False


class SingleFlight(Generic[K, T]):
    """Let the first caller of a key do the work, and the others wait for its outcome.

    The first caller works in its own task, so that a lone call costs next to nothing. A waiter
    that is cancelled leaves the others alone; when the working caller is cancelled, one of the
    waiters takes over.
    """

    def __init__(self) -> None:
        self._flights: dict[K, asyncio.Future[_Outcome[T]]] = {}

    def __len__(self) -> int:
        """Return how many keys are being worked on."""
        return len(self._flights)

    async def run(self, key: K, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work` returns, or raise what it raises, for every caller of the key."""
        while (flight := self._flights.get(key)) is not None:
            outcome = await asyncio.shield(flight)
            try:
                if outcome.error is not None:
                    # A shared exception would gather a traceback of every waiter.
                    raise outcome.error.with_traceback(None)
                if not outcome.cancelled:
                    return outcome.value  # type: ignore[return-value]  # set unless cancelled
            finally:
                del flight, outcome  # an error that knows this frame, and the frame it: a cycle
        return await self._lead(key, work)

    async def _lead(self, key: K, work: Callable[[], Awaitable[T]]) -> T:
        flight = self._flights[key] = asyncio.get_running_loop().create_future()
        outcome: _Outcome[T] = _Outcome(cancelled=True)
        try:
            value = await work()
            outcome = _Outcome(value)
        except Exception as error:
            outcome = _Outcome(error=error)
            raise
        else:
            return value
        finally:
            del self._flights[key]
            flight.set_result(outcome)
            del flight, outcome  # as in `run`: under a flood the collector would stop the loop
