"""A restartable timer, and the keep-alive timeout of a connection."""

import asyncio
from collections.abc import Callable


class Timer:
    """Call `expired` after `seconds` from `start`, unless stopped."""

    __slots__ = ("_expired", "_handle", "_loop", "_seconds")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, seconds: float, expired: Callable[[], None]
    ) -> None:
        self._loop, self._seconds, self._expired = loop, seconds, expired
        self._handle: asyncio.TimerHandle | None = None

    def start(self, seconds: float | None = None) -> None:
        """Start unless running; `seconds` overrides the duration once."""
        if self._handle is None:
            seconds = self._seconds if seconds is None else seconds
            self._handle = self._loop.call_later(seconds, self._end)

    def stop(self) -> None:
        """Cancel the timer."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def drop(self) -> None:
        """Cancel the timer for good, and release the callback to break a reference cycle."""
        self.stop()
        self._expired = _nothing

    def _end(self) -> None:
        self._handle = None
        self._expired()


def _nothing() -> None:
    """Do nothing."""


class Idle:
    """Call `close` after `seconds` from the last `begin`, unless `is_busy`.

    One timer checks periodically; uvicorn sets and cancels one per request, which costs 5 % of it.
    """

    __slots__ = ("_close", "_is_busy", "_loop", "_seconds", "_since", "_timer")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        seconds: float,
        *,
        is_busy: Callable[[], bool],
        close: Callable[[], None],
    ) -> None:
        self._loop, self._seconds, self._is_busy, self._close = loop, seconds, is_busy, close
        self._since = 0.0
        self._timer = Timer(loop, seconds, self._check)

    def begin(self) -> None:
        """Start the idle period."""
        self._since = self._loop.time()
        self._timer.start()

    def drop(self) -> None:
        """Stop for good, and release the callbacks."""
        self._timer.drop()
        del self._is_busy, self._close

    def _check(self) -> None:
        if self._is_busy():
            return  # its response calls `begin`
        left = self._since + self._seconds - self._loop.time()
        if left > 0:
            self._timer.start(left)
        else:
            self._close()
