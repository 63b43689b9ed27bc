"""What every test shares."""

import os
import sys
from pathlib import Path

import pytest

# A second conftest.py below tests/e2e would be a second module of that name to mypy.
pytest_plugins = ["story.fixtures"]


def pytest_configure() -> None:
    """Have the programs that `make dev` installs found where the machine has none: kubectl."""
    os.environ["PATH"] += os.pathsep + str(Path(sys.executable).parent)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio, the loop the services run on."""
    return "asyncio"
