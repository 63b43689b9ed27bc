"""How often tests repeat themselves: `make fuzz N=...`, `make races N=...`, or by `FUZZ_SEED`."""

import os

import pytest

FUZZ, RACES, SEED = "FUZZ_ROUNDS", "RACE_ROUNDS", "FUZZ_SEED"


def repetitions(variable: str, default: int = 0) -> int:
    """Return a number of rounds, or a seed; raise `pytest.UsageError` where it is none."""
    text = os.environ.get(variable) or str(default)
    if not text.isdecimal():
        typed = variable if variable == SEED else "N"
        raise pytest.UsageError(f"{typed}={text}: must be a whole number ({variable})")
    return int(text)
