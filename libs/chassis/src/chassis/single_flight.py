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

    The first caller works in its own task, and only a second one makes it keep its result, so that
    a single call has little overhead. Cancelling a waiter does not affect the others. If the first
    caller is cancelled, a waiter takes over.
    """

    def __init__(self) -> None:
        self._flights: dict[K, asyncio.Future[_Outcome[T]] | None] = {}
        """The calls in progress, and what their waiters wait for, if there are any."""

    def __len__(self) -> int:
        """Return how many keys have a call in progress."""
        return len(self._flights)

    async def run(self, key: K, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work` returns, or raise what it raises, for every caller of the key."""
        while key in self._flights:
            outcome = await asyncio.shield(self._awaited(key))
            try:
                if outcome.error is not None:
                    # A shared exception would collect the traceback of every waiter.
                    raise outcome.error.with_traceback(None)
                if not outcome.cancelled:
                    return outcome.value  # type: ignore[return-value]  # set unless cancelled
            finally:
                del outcome  # break the reference cycle of error and frame
        self._flights[key] = None
        try:
            value = await work()
        except Exception as error:
            self._end(key, error=error)
            raise
        except BaseException:
            self._end(key, cancelled=True)
            raise
        self._end(key, value)
        return value

    def _awaited(self, key: K) -> "asyncio.Future[_Outcome[T]]":
        flight = self._flights[key]
        if flight is None:
            flight = self._flights[key] = asyncio.get_running_loop().create_future()
        return flight

    def _end(
        self,
        key: K,
        value: T | None = None,
        *,
        error: Exception | None = None,
        cancelled: bool = False,
    ) -> None:
        flight = self._flights.pop(key)
        if flight is not None:
            flight.set_result(_Outcome(value, error, cancelled))
