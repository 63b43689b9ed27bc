"""Concurrent calls with the same key share one call."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Outcome(Generic[T]):
    """The leader's result or error; neither if it was cancelled."""

    value: T | None = None
    error: Exception | None = None
    cancelled: bool = False


class SingleFlight(Generic[K, T]):
    """The first caller of a key does the work; the others wait for its result.

    The first caller works in its own task, so that a single call has little overhead. Cancelling a
    waiter does not affect the others. If the first caller is cancelled, a waiter takes over.
    """

    def __init__(self) -> None:
        self._flights: dict[K, asyncio.Future[_Outcome[T]]] = {}

    def __len__(self) -> int:
        """Return how many keys have a call in progress."""
        return len(self._flights)

    async def run(self, key: K, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work` returns, or raise what it raises, for every caller of the key."""
        while (flight := self._flights.get(key)) is not None:
            outcome = await asyncio.shield(flight)
            try:
                if outcome.error is not None:
                    # A shared exception would collect the traceback of every waiter.
                    raise outcome.error.with_traceback(None)
                if not outcome.cancelled:
                    return outcome.value  # type: ignore[return-value]  # set unless cancelled
            finally:
                del flight, outcome  # break the reference cycle of error and frame
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
