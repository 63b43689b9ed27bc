"""What is shown of steps on one stream: a line that moves on a terminal, lines in a log."""

import contextlib
import itertools
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TextIO

LINE_EVERY_S = 10.0
"""Seconds between two lines of a log, unless PROGRESS_EVERY says otherwise."""
LOG_COLUMNS = 80
"""The most columns of a line between a step's start and end."""
LIVE_AFTER_S = 0.5
"""Seconds of silence after which a terminal shows the step."""
_ERASED = "\r\033[K"
_FRAMES, _PLAIN_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\"
_LEAST_S = 0.1
_LEAST_TEXT = 4
"""Columns below which a text says nothing; only the seconds are shown."""


@dataclass(slots=True)
class Step:
    """One step; `quiet` has no lines at its start and end, because its command prints a result."""

    text: str
    began: float
    quiet: bool = False
    detail: str = ""

    def say(self, detail: str) -> None:
        """Replace what is shown behind the step's text from now on."""
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.text}: {self.detail}" if self.detail else self.text


class Display:
    """Shows the running steps on one stream; `tick` is called again and again."""

    def __init__(
        self,
        stream: TextIO,
        *,
        live: bool,
        clock: Callable[[], float] = time.monotonic,
        observer: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._stream, self.live, self._clock, self._observer = stream, live, clock, observer
        self._steps: list[Step] = []
        self._every = line_every()
        self._lock = threading.RLock()
        self._last, self._drawn, self._at_margin, self._held = clock(), False, True, 0
        self._frames = itertools.cycle(_FRAMES if _writes(stream, _FRAMES) else _PLAIN_FRAMES)
        self.more = "…" if _writes(stream, "…") else "..."

    def begin(self, text: str, *, quiet: bool = False) -> Step:
        """Show a step from now on, in place of the one around it."""
        step = Step(text, self._clock(), quiet)
        with self._lock:
            self._steps.append(step)
            if not quiet:
                self._announce(f"{text} {self.more}")
        return step

    def end(self, step: Step, outcome: str) -> None:
        """Say how a step ended; a terminal shows that of a long one only."""
        took = self._clock() - step.began
        with self._lock:
            self._steps.remove(step)
            self._erase()
            if not step.quiet:
                self._announce(f"{step.text}: {outcome}, {elapsed(took)}", took=took)

    def tick(self) -> None:
        """Show the innermost step, where nothing else was written for a while."""
        with self._lock:
            if not self._steps or self._held or not self._at_margin:
                return
            step, now = self._steps[-1], self._clock()
            silent, took = now - self._last, now - step.began
            if self.live and silent >= LIVE_AFTER_S:
                columns = shutil.get_terminal_size().columns
                line = fitted(next(self._frames), str(step), took, columns)
                self._write(_ERASED + line)
                self._drawn = True
            elif not self.live and silent >= self._every:
                tail = f" {self.more} {elapsed(took)}"
                self._line(_cut(str(step), LOG_COLUMNS - len(tail)) + tail)

    @contextlib.contextmanager
    def output(self, text: str) -> Iterator[None]:
        """Make room for a text that somebody else writes meanwhile."""
        with self._lock:
            self._erase()
            yield
            self._last = self._clock()
            if text:
                # Behind a prompt nothing is drawn.
                self._at_margin = not self.live or text.endswith("\n")

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Show nothing: another program has the terminal."""
        with self._lock:
            self._erase()
            self._held += 1
        try:
            yield
        finally:
            with self._lock:
                self._held -= 1
                self._last = self._clock()

    def _announce(self, line: str, took: float = 0.0) -> None:
        self._observer(line)
        if not self._held and (not self.live or took >= self._every):
            self._line(line)

    def _line(self, line: str) -> None:
        self._write(f"{line}\n")
        self._last = self._clock()

    def _erase(self) -> None:
        if self._drawn:
            self._write(_ERASED)
        self._drawn = False

    def _write(self, text: str) -> None:
        # A reader that has left stops no work.
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()


def elapsed(seconds: float) -> str:
    """Return whole seconds, or minutes and seconds."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def fitted(frame: str, text: str, seconds: float, columns: int) -> str:
    """Return one line that does not reach the last column, where a terminal would wrap it."""
    took = elapsed(seconds)
    room = columns - len(frame) - len(took) - 4
    if room < _LEAST_TEXT:
        return took[: max(columns - 1, 0)]
    return f"{frame} {_cut(text, room)}  {took}"


def line_every() -> float:
    """Return the seconds between two lines of a log."""
    try:
        return max(float(os.environ.get("PROGRESS_EVERY") or LINE_EVERY_S), _LEAST_S)
    except ValueError:
        return LINE_EVERY_S


def _cut(text: str, room: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= room else f"{text[: room - 3]}..."


def _writes(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
