"""What every test shares."""

import pytest

# A second conftest.py below tests/e2e would be a second module of that name to mypy.
pytest_plugins = ["story.fixtures"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio, the loop the services run on."""
    return "asyncio"
