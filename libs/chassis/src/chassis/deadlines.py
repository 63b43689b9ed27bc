"""Deadlines of many calls that share one timer.

A timer of its own for each call, as `asyncio.timeout` has it, takes a tenth of a short call: it is
set, and cancelled some milliseconds later.
"""

import asyncio
from itertools import takewhile
from types import TracebackType
from typing import Protocol, Self


class Expiring(Protocol):
    """What is running until a time of the event loop."""

    at: float

    def expire(self) -> None:
        """End: the time has come."""


class Deadlines:
    """Gives each call the same number of seconds; the timer is that of the oldest one."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._running: dict[Expiring, None] = {}
        """The oldest first, which is also due first."""
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """Return how many calls are running."""
        return len(self._running)

    def begin(self) -> "Deadline":
        """Return a context that raises TimeoutError if it takes longer."""
        return Deadline(self, self.next())

    def next(self) -> float:
        """Return until when what begins now may run, as a time of the event loop."""
        return asyncio.get_running_loop().time() + self.seconds

    def add(self, deadline: Expiring) -> None:
        """Watch a deadline."""
        self._running[deadline] = None
        if self._timer is None:
            self._set(deadline.at)

    def remove(self, deadline: Expiring) -> None:
        """Forget a deadline; the timer stays, for the next call."""
        self._running.pop(deadline, None)

    def _set(self, at: float) -> None:
        self._timer = asyncio.get_running_loop().call_at(at, self._expired)

    def _expired(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        for late in [*takewhile(lambda one: one.at <= now, self._running)]:
            self.remove(late)
            late.expire()
        if self._running:
            self._set(next(iter(self._running)).at)


class Deadline:
    """A context with a deadline, in the task that enters it; `asyncio.timeout` does the same."""

    __slots__ = ("_cancelling", "_deadlines", "_expired", "_task", "at")

    def __init__(self, deadlines: Deadlines, at: float) -> None:
        self._deadlines, self.at = deadlines, at
        self._expired = False

    def __enter__(self) -> Self:
        """Start."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a call awaits, which only a task can
        self._task, self._cancelling = task, task.cancelling()
        self._deadlines.add(self)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End; raise TimeoutError for the cancellation that is this deadline's own."""
        self._deadlines.remove(self)
        if (
            self._expired
            and self._task.uncancel() <= self._cancelling
            and exc_type is asyncio.CancelledError
        ):
            raise TimeoutError from exc

    def expire(self) -> None:
        """Cancel what runs in the context."""
        self._expired = True
        self._task.cancel()
