"""A pytest plugin: tests are never silent, on a terminal or in a log.

On a terminal, what runs and for how long stands behind the dots and is erased before the next one.
In a log a line says so every 10 s (PROGRESS_EVERY). The steps of a deployment are lines, too.
"""

import itertools
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import TextIO, cast

import pytest
from _pytest.terminal import TerminalReporter

from localkube.display import LIVE_AFTER_S, LOG_COLUMNS, elapsed, fitted, line_every
from localkube.progress import Pulse, Through, observed

_BEAT_S = 0.1
_FRAMES = "|/-\\"
_ESCAPES = re.compile(r"\x1b\[[^A-Za-z]*[A-Za-z]")
_LINE_STARTS = re.compile(r"[\r\n]")


class Progress:
    """Writes through pytest's own terminal writer, whose stream it stands in front of."""

    def __init__(
        self, reporter: TerminalReporter, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._reporter, self._clock = reporter, clock
        self._writer = reporter._tw
        self._stream: TextIO = self._writer._file
        # During a test the descriptor of standard output leads to what pytest captures.
        self._screen = os.fdopen(os.dup(self._stream.fileno()), "w", encoding="utf-8")
        self._lock = threading.RLock()
        self._began = self._written = self._line_at = clock()
        self._drawn, self._frames = False, itertools.cycle(_FRAMES)
        self._done, self._total, self._step, self._column = 0, 0, "", 0
        self._running: dict[str, float] = {}
        self._told = ""
        self._stack = ExitStack()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Begin before the tests are collected."""
        self._writer._file = cast("TextIO", Through(self._stream, self))
        if not self._reporter.isatty:
            where = " ".join(session.config.args[:4])
            self.line(f"collecting the tests of {where}")
        if os.environ.get("PLATFORM") == "kubernetes":
            self._stack.enter_context(observed(self.step))
        self._stack.enter_context(Pulse(self.tick, _BEAT_S))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count the tests of this process."""
        self._total = len(session.items) or self._total

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Count the tests that all workers share."""
        self._total = len(ids)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note which test runs, here or in a worker."""
        self._running[nodeid] = self._clock()

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Count a test that has ended."""
        self._running.pop(nodeid, None)
        self._done += 1
        self._told = ""

    def pytest_unconfigure(self) -> None:
        """Leave the terminal as pytest knows it."""
        self._stack.close()
        with self.output(""):
            self._writer._file = self._stream
        self._screen.close()

    @contextmanager
    def output(self, text: str) -> Iterator[None]:
        """Make room for what pytest writes."""
        with self._lock:
            if self._drawn:
                self._show("\033[K")
            self._drawn = False
            yield
            self._written = self._clock()
            if "\n" in text:
                self._line_at = self._written
            self._column = column(text, self._column)

    def line(self, text: str) -> None:
        """Write one line, below the dots."""
        with self._lock:
            start = "\n" if self._column else ""
            with self.output(f"{text}\n"):
                self._show(f"{start}{text}\n")
            self._writer._current_line = ""

    def step(self, text: str) -> None:
        """Show a step of a fixture, such as of a deployment."""
        self._step = text.removesuffix(" …") if text.endswith("…") else ""
        self.line(text)

    def tell(self, text: str) -> None:
        """Have shown how far the running test is."""
        self._told = text

    def tick(self) -> None:
        """Show what runs, where pytest has written nothing for a while."""
        with self._lock:
            now = self._clock()
            if self._reporter.isatty:
                if now - self._written >= LIVE_AFTER_S:
                    self._draw(now)
            elif now - self._line_at >= line_every():
                took = elapsed(now - self._began)
                self.line(f"{self._label(now)[:LOG_COLUMNS]} … {took}")

    def _draw(self, now: float) -> None:
        room = self._writer.fullwidth - self._column
        text = fitted(f" {next(self._frames)}", self._label(now), now - self._began, room)
        if text:
            # The cursor goes back to where pytest left it.
            self._show(f"\033[K{text}\033[{len(text)}D")
            self._drawn = True

    def _show(self, text: str) -> None:
        # A reader that has left stops no test.
        with suppress(OSError, ValueError):
            self._screen.write(text)
            self._screen.flush()

    def _label(self, now: float) -> str:
        if self._step:
            return self._step
        if not self._total:
            return "collecting"
        counted = f"{self._done} of {self._total}"
        running = sorted(self._running.items(), key=lambda one: one[1])
        names = (f"{name.rpartition('::')[2]} ({elapsed(now - at)})" for name, at in running)
        told = [self._told] if self._told else []
        return ", ".join([counted, *told, *names]) if running else f"{counted}, between tests"


def column(text: str, before: int) -> int:
    """Return where the cursor is after a text: pytest itself does not count a carriage return."""
    *_, last = _LINE_STARTS.split(_ESCAPES.sub("", text))
    return len(last) if _LINE_STARTS.search(text) else before + len(last)


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Return what shows how far a long test is, before its name; not in a worker of xdist."""
    progress = request.config.pluginmanager.get_plugin("progress-lines")
    return progress.tell if isinstance(progress, Progress) else lambda _: None


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Add the plugin where the tests are reported, which is in no worker."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and not hasattr(config, "workerinput") and sys.platform != "win32":
        config.pluginmanager.register(Progress(reporter), "progress-lines")
