"""How often tests repeat themselves: `make fuzz N=...` and `make races N=...` say it."""

import os

import pytest

FUZZ, RACES = "FUZZ_ROUNDS", "RACE_ROUNDS"


def repetitions(variable: str, default: int = 0) -> int:
    """Return a number of rounds; raise `pytest.UsageError` where it is none."""
    text = os.environ.get(variable) or str(default)
    if not text.isdecimal():
        raise pytest.UsageError(f"N={text}: must be a whole number ({variable})")
    return int(text)
