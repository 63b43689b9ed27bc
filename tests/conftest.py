"""Fixtures of all tests."""

import os
import sys
from pathlib import Path

from repetitions import FUZZ, RACES, SEED, repetitions

# A second conftest.py below tests/e2e would be a second module of that name to mypy.
pytest_plugins = ["progress_lines", "story.fixtures", "chassis.testing.fixtures"]


def pytest_configure() -> None:
    """Add the programs of `make dev` to the PATH, such as kubectl; refuse what is not a number."""
    os.environ["PATH"] += os.pathsep + str(Path(sys.executable).parent)
    for variable in (FUZZ, RACES, SEED):
        repetitions(variable)
