"""Under `dev`: log each callback that blocks the event loop, with its place.

The loop beats 40 times a second, and a thread sees when a beat is overdue and where the loop's
thread is then. A callback in C that holds the interpreter lock stops the thread as well, which goes
on as soon as that call returns: still at the place. Under other profiles nothing of this runs.
"""

import asyncio
import sys
import threading
import time
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Self

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
    """A callback that blocks: since which beat, when that was noticed, and where."""

    beat: float
    noticed_at: float
    place: str
    inside: str
    is_logged: bool = False


class Watchdog:
    """Watches the running event loop, as a context manager; `own` is the service's package."""

    def __init__(self, own: str) -> None:
        self._loop, self._thread_id = asyncio.get_running_loop(), threading.get_ident()
        self._places = Places(own)
        self._ended = threading.Event()
        self._beat_at = 0.0
        self._next_beat: asyncio.TimerHandle | None = None
        self._looked_at = time.monotonic()
        self._callback: FrameType | None = None
        """What ran at the last look, if a beat was overdue."""
        self._block: _Block | None = None

    def __enter__(self) -> Self:
        """Start, unless a debugger does, at whose breakpoints the loop stands still."""
        if _DEBUGGERS.isdisjoint(sys.modules):
            self._beat()
            threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End. The thread is not awaited: it may be waiting for this very loop."""
        self._ended.set()
        if self._next_beat is not None:
            self._next_beat.cancel()

    def _beat(self) -> None:
        self._beat_at = time.monotonic()
        self._next_beat = self._loop.call_later(_BEAT_S, self._beat)

    def _watch(self) -> None:
        while not self._ended.wait(_BEAT_S):
            beat, now = self._beat_at, time.monotonic()
            if self._block is not None and self._block.beat != beat:
                self._log_block(self._block, beat, "the event loop was blocked")
                self._block = None
            if self._block is None:
                self._look(beat, now)
            elif now - self._block.noticed_at > _UNENDING_S:
                self._log_block(self._block, now, "the event loop is blocked")
            self._looked_at = now

    def _look(self, beat: float, now: float) -> None:
        """Notice a callback that has run for most of the limit."""
        before, self._callback = self._callback, None
        if now - beat < 2 * _BEAT_S:
            return
        frame = sys._current_frames().get(self._thread_id)  # noqa: SLF001 - there is no other way
        self._callback = callback_of(frame)
        # Many short callbacks delay a beat, too; while one holds the lock, this thread can't look.
        is_one = self._callback is before or now - self._looked_at > LIMIT_S - _BEAT_S
        if self._callback and frame and is_one and now - beat > LIMIT_S - _BEAT_S:
            self._block = _Block(beat, now, *self._places.of(frame))
            self._callback = None

    def _log_block(self, block: _Block, until: float, event: str) -> None:
        seconds = until - block.beat
        if seconds < LIMIT_S or block.is_logged:
            return
        block.is_logged = True
        left_out = self._places.left_out(block.place, time.monotonic())
        if left_out is not None:
            fields = {"inside": block.inside, "left_out": left_out}
            known = {name: value for name, value in fields.items() if value}
            _log.warning(event, place=block.place, ms=round(seconds * 1000), **known)
