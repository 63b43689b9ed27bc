"""Under `dev`: log each callback that blocks the event loop, with its place.

The loop beats 40 times a second, and each beat sets an alarm (SIGALRM) that sounds if the next one
is overdue. Its handler runs in the loop's thread, inside of what blocks: a call in C that holds the
interpreter lock would stop another thread, and handing over that lock slows a busy service down.
Under other profiles nothing of this runs.
"""

import asyncio
import signal
import sys
import threading
import time
from dataclasses import dataclass
from resource import RUSAGE_THREAD, getrusage
from types import FrameType, TracebackType
from typing import Any, Self

import structlog

from chassis.serving.places import Places, callback_of

LIMIT_S = 0.1
"""What a callback may take; between three quarters of it and all of it, chance decides."""
_BEAT_S = LIMIT_S / 4
_UNENDING_S = 1.0
"""A callback that goes on for so long is logged before it ends: it may never do."""
_DEBUGGERS = frozenset({"debugpy", "pydevd"})

_log = structlog.get_logger("chassis.watchdog")


@dataclass(slots=True)
class _Block:
    """A callback that blocks, since a beat, and where."""

    beat: float
    place: str
    inside: str
    is_logged: bool = False


class Watchdog:
    """Watches the running event loop, as a context manager; `own` is the service's package."""

    def __init__(self, own: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._places = Places(own)
        self._next_beat: asyncio.TimerHandle | None = None
        self._beat_at = self._used = 0.0
        self._waits = 0
        self._callback: FrameType | None = None
        """What ran at the last alarm since the last beat."""
        self._block: _Block | None = None
        self._handler: Any = None
        self._in_alarm = False

    def __enter__(self) -> Self:
        """Start, unless a debugger does, at whose breakpoints the loop stands still."""
        if _DEBUGGERS.isdisjoint(sys.modules):
            self._handler = signal.signal(signal.SIGALRM, self._alarm)
            self._beat()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End."""
        if self._next_beat is not None:
            self._next_beat.cancel()
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._handler)

    def _beat(self) -> None:
        now = time.monotonic()
        if self._block is not None:
            self._log_block(self._block, now, "the event loop was blocked")
        self._callback = self._block = None
        self._beat_at, self._used = now, time.thread_time()
        signal.setitimer(signal.ITIMER_REAL, LIMIT_S - _BEAT_S, _BEAT_S)
        self._next_beat = self._loop.call_later(_BEAT_S, self._beat)

    def _alarm(self, _: int, frame: FrameType | None) -> None:
        """Look at what runs, unless that is this handler: the next alarm may be due meanwhile."""
        if self._in_alarm:
            return
        self._in_alarm = True
        try:
            self._look(frame)
        finally:
            self._in_alarm = False

    def _look(self, frame: FrameType | None) -> None:
        """Notice a callback that ran at an alarm before, or was deaf to alarms in a call in C.

        It must have computed or waited since, so that a process without a processor has none.
        """
        before, self._callback = self._callback, callback_of(frame)
        used, waits = time.thread_time(), getrusage(RUSAGE_THREAD).ru_nvcsw
        was_deaf = used - self._used > LIMIT_S
        has_run = used - self._used > _BEAT_S / 2 or waits > self._waits
        if self._callback is not before:
            self._used, self._waits = used, waits
        if self._block is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
            # In a thread: what blocks may be a write to the log itself.
            arguments = self._block, time.monotonic(), "the event loop is blocked"
            threading.Thread(target=self._log_block, args=arguments, daemon=True).start()
        elif self._callback and frame and (was_deaf or (self._callback is before and has_run)):
            self._block = _Block(self._beat_at, *self._places.of(frame))
            signal.setitimer(signal.ITIMER_REAL, _UNENDING_S)

    def _log_block(self, block: _Block, until: float, event: str) -> None:
        if block.is_logged:
            return
        block.is_logged = True
        left_out = self._places.left_out(block.place, until)
        if left_out is not None:
            fields = {"inside": block.inside, "left_out": left_out}
            known = {name: value for name, value in fields.items() if value}
            _log.warning(event, place=block.place, ms=round((until - block.beat) * 1000), **known)
