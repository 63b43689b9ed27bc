"""The fixtures of the test kit: `pytest_plugins = ["chassis.testing.fixtures"]`."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from chassis.testing.auth_server import AuthServer, NotInstalledError, auth_server
from chassis.testing.serve import Serve


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio, the loop that services run on."""
    return "asyncio"


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serve applications that end with the test."""
    async with AsyncExitStack() as stack:
        yield Serve(stack)


@pytest.fixture(scope="session", name="auth_server")
def _auth_server() -> Iterator[AuthServer]:
    """Run a cas-server with a Redis for the session; skip where one of them is not installed."""
    try:
        with auth_server() as server:
            yield server
    except NotInstalledError as missing:
        pytest.skip(str(missing))
