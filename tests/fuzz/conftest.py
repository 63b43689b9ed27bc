"""The rounds of a fuzz test: for some seconds, or `FUZZ_ROUNDS` of them (`make fuzz N=…`)."""

import os
import random
import sys
import time
from collections.abc import Iterator

import pytest

_SECONDS = 12.0
"""For each test of a plain run: all of tests/fuzz takes about two minutes in CI."""
_TOLD_EACH_S = 5.0


class Rounds:
    """Hands out one random generator per round; a failure names the seed that repeats it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._most = int(os.environ.get("FUZZ_ROUNDS", "0"))
        self._only = os.environ.get("FUZZ_SEED")
        self.seed = 0
        self.done = 0

    def __iter__(self) -> Iterator[random.Random]:
        if self._only is not None:
            self.seed = int(self._only)
            yield _seeded(self.seed)
            return
        first = random.SystemRandom().getrandbits(48)
        began = told = time.monotonic()
        while self._goes_on(time.monotonic() - began):
            self.seed = first + self.done
            yield _seeded(self.seed)
            self.done += 1
            if time.monotonic() - told > _TOLD_EACH_S:
                told = time.monotonic()
                self._tell(told - began)

    def _goes_on(self, seconds: float) -> bool:
        return self.done < self._most if self._most else seconds < _SECONDS

    def _tell(self, seconds: float) -> None:
        most = f" of {self._most:,}" if self._most else ""
        line = f"{self._name}: {self.done:,}{most} rounds, {self.done / seconds:,.0f}/s\n"
        sys.__stderr__.write(line)  # type: ignore[union-attr]  # a test run has one


def _seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - to be repeated, not to be secret


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> Iterator[Rounds]:
    """Return the rounds of this test; iterate over them."""
    made = Rounds(request.node.name)
    yield made
    # pytest shows it with the failure.
    sys.stdout.write(f"last round: FUZZ_SEED={made.seed}, after {made.done:,} rounds\n")
