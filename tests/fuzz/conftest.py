"""The rounds of a fuzz test: for some seconds, or `FUZZ_ROUNDS` of them (`make fuzz N=…`)."""

import os
import random
import sys
import time
from collections.abc import Iterator

import pytest

from fuzz.memory import resident_mib
from repetitions import FUZZ, SEED, repetitions

_SECONDS = float(os.environ.get("FUZZ_SECONDS", "12"))
"""The seconds per test of a plain run. All of tests/fuzz takes about two minutes in CI."""
_REPORT_EACH_S = 5.0
_LONG = 100_000
"""Runs with at least this many rounds must have flat memory after a tenth of them as warm-up."""
_GROWTH_MIB = 32.0
_FIGURES = "fuzz"


class Rounds:
    """Yields one random generator per round. A failure names the seed that reproduces it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._most = repetitions(FUZZ)
        self._only = os.environ.get(SEED) or None
        self.seed = 0
        self.done = 0
        self.weight = 1
        """As how many a round counts that has many parts of its own."""
        self.seconds = 0.0
        self._warm: float | None = None
        self._last: float | None = None

    def __iter__(self) -> Iterator[random.Random]:
        if self._only is not None:
            self.seed = int(self._only)
            yield _seeded(self.seed)
            return
        first = random.SystemRandom().getrandbits(48)
        # clock: rounds for some seconds, and their rate for the reader
        began = reported = time.monotonic()
        while self._continues(time.monotonic() - began):
            self.seed = first + self.done
            yield _seeded(self.seed)
            self.done += self.weight
            if self._warm is None and 0 < self._most // 10 <= self.done:
                self._warm = resident_mib()
            if time.monotonic() - reported > _REPORT_EACH_S:
                reported = time.monotonic()
                self.seconds, self._last = reported - began, resident_mib()
                sys.__stderr__.write(f"{self}\n")  # type: ignore[union-attr]  # a run has one
        self.seconds, self._last = time.monotonic() - began, resident_mib()
        self._hold_flat()

    def _continues(self, seconds: float) -> bool:
        return self.done < self._most if self._most else seconds < _SECONDS

    def __str__(self) -> str:
        most = f" of {self._most:,}" if self._most and self.done < self._most else ""
        rate = self.done / self.seconds if self.seconds else 0
        line = f"{self._name}: {self.done:,}{most} rounds, {rate:,.0f}/s"
        if self._last is None:
            return line
        since = "" if self._warm is None else f"{self._warm:,.0f} to "
        return f"{line}, {since}{self._last:,.0f} MiB"

    def _hold_flat(self) -> None:
        if self._most >= _LONG and self._warm is not None and self._last is not None:
            assert self._last - self._warm <= _GROWTH_MIB, str(self)


def _seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - reproducible, not secret


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> Iterator[Rounds]:
    """Return the rounds of this test; iterate over them."""
    made = Rounds(request.node.name)
    yield made
    request.node.user_properties.append((_FIGURES, str(made)))
    # pytest prints this with the failure.
    sys.stdout.write(f"last round: FUZZ_SEED={made.seed}, after {made.done:,} rounds\n")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the rounds of each test, also those run by workers."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == _FIGURES:  # only from the teardown, so that each appears once
                    terminalreporter.write_line(value)
