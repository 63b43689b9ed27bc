"""Progress of long work: no silence on a terminal, none in a log.

    with step("building an image") as say:
        say("layer 3 of 7")

On a terminal the innermost step is one line that moves and is erased before any other output.
Elsewhere a step is a line at its start, at its end, and every 10 s between. Nothing is coloured,
and the cursor stays visible, so that an interrupted command leaves the terminal as it was.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol, TextIO, cast

from localkube.display import Display

_REDRAWN_EVERY_S = 0.1


class Pulse:
    """Calls a function again and again during a block, in a thread of its own."""

    def __init__(self, beat: Callable[[], None], every: float) -> None:
        self._beat, self._every = beat, every
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="progress")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._every):
            self._beat()


class Writer(Protocol):
    """What draws on a stream, and waits for what others write there."""

    def output(self, text: str) -> AbstractContextManager[None]:
        """Make room for a text during the block."""


class Through:
    """A stream that is drawn on: what is written to it goes between two redrawings."""

    def __init__(self, stream: TextIO, display: Writer) -> None:
        self._stream, self._display = stream, display

    def write(self, text: str) -> int:
        """Write a text."""
        with self._display.output(text):
            return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


_DISPLAYS: list[Display] = []
"""The one that is shown, if any."""
_OBSERVERS: list[Callable[[str], None]] = []


@contextlib.contextmanager
def step(text: str, *, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Show a step during the block; the function it yields replaces what is shown of it."""
    with _shown() as display:
        one = display.begin(text, quiet=quiet)
        outcome = "failed"
        try:
            yield one.say
            outcome = "done"
        finally:
            display.end(one, outcome)


@contextlib.contextmanager
def handed_over() -> Iterator[None]:
    """Show nothing during the block, in which another program writes to the terminal."""
    with contextlib.ExitStack() as stack:
        for display in _DISPLAYS:
            stack.enter_context(display.held())
        yield


@contextlib.contextmanager
def observed(observer: Callable[[str], None]) -> Iterator[None]:
    """Call a function with the lines that steps have in a log, during the block."""
    _OBSERVERS.append(observer)
    try:
        yield
    finally:
        _OBSERVERS.remove(observer)


def _tell(line: str) -> None:
    for observer in _OBSERVERS:
        observer(line)


@contextlib.contextmanager
def _shown() -> Iterator[Display]:
    if _DISPLAYS:
        yield _DISPLAYS[-1]
        return
    terminals = sys.stdout.isatty() and sys.stderr.isatty()
    live = terminals and os.environ.get("TERM") != "dumb"
    display = Display(sys.stderr, live=live, observer=_tell)
    before = sys.stdout, sys.stderr
    through = [cast("TextIO", Through(stream, display)) for stream in before]
    _DISPLAYS.append(display)
    sys.stdout, sys.stderr = through
    try:
        with Pulse(display.tick, _REDRAWN_EVERY_S):
            yield display
    finally:
        _DISPLAYS.remove(display)
        if [sys.stdout, sys.stderr] == through:
            sys.stdout, sys.stderr = before
