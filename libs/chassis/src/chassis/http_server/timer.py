"""A timer that is started, stopped and started again."""

import asyncio
from collections.abc import Callable


class Timer:
    """Call `expired` once `seconds` have passed since `start`, unless stopped before."""

    __slots__ = ("_expired", "_handle", "_loop", "_seconds")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, seconds: float, expired: Callable[[], None]
    ) -> None:
        self._loop, self._seconds, self._expired = loop, seconds, expired
        self._handle: asyncio.TimerHandle | None = None

    def start(self, seconds: float | None = None) -> None:
        """Begin to wait, unless that has begun; this once for `seconds`, where given."""
        if self._handle is None:
            seconds = self._seconds if seconds is None else seconds
            self._handle = self._loop.call_later(seconds, self._end)

    def stop(self) -> None:
        """Wait no more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def drop(self) -> None:
        """Wait no more, ever, and know no longer whom to call: it may be who has this timer."""
        self.stop()
        self._expired = _nothing

    def _end(self) -> None:
        self._handle = None
        self._expired()


def _nothing() -> None:
    """Do nothing."""


class Idle:
    """Call `close` once `seconds` have passed since the last `begin`, unless `is_busy` then.

    One timer that looks again, where uvicorn sets and cancels one for each request: that costs a
    twentieth of a request.
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
        self._timer = Timer(loop, seconds, self._look)

    def begin(self) -> None:
        """Begin to be idle."""
        self._since = self._loop.time()
        self._timer.start()

    def drop(self) -> None:
        """Look no more, ever, and know no longer whom to ask."""
        self._timer.drop()
        del self._is_busy, self._close

    def _look(self) -> None:
        if self._is_busy():
            return  # its end begins anew
        left = self._since + self._seconds - self._loop.time()
        if left > 0:
            self._timer.start(left)
        else:
            self._close()
