"""Fixtures of all tests."""

import os
import sys
from pathlib import Path

import pytest

# A second conftest.py below tests/e2e would be a second module of that name to mypy.
pytest_plugins = ["story.fixtures"]


def pytest_configure() -> None:
    """Add the programs of `make dev` to the PATH, such as kubectl."""
    os.environ["PATH"] += os.pathsep + str(Path(sys.executable).parent)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio, the loop the services run on."""
    return "asyncio"
