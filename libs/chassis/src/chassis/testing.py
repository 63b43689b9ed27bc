"""Test support for services: the application in process, with tokens that the test defines.

In a `conftest.py`: `pytest_plugins = ["chassis.testing"]`; in a test:

    live = LiveConfig.fixed(RestSettings(greeting=Greeting(message="Hello")))
    tokens = StaticTokenServices({"alice": Authentication(client_id="app", user_name="alice")})
    client = await serve(create_app(live, token_services=tokens))
    response = await client.get("/api/me", headers=bearer("alice"))
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi import FastAPI

from chassis.errors import InvalidToken
from chassis.security.authentication import Authentication


@dataclass(frozen=True, slots=True)
class StaticTokenServices:
    """Accept the given tokens; reject every other one as invalid."""

    tokens: Mapping[str, Authentication] = field(default_factory=dict)

    async def authenticate(self, token: str) -> Authentication:
        """Return the token's authentication; raise `InvalidToken`."""
        if token not in self.tokens:
            raise InvalidToken
        return self.tokens[token]

    async def aclose(self) -> None:
        """Do nothing."""


def bearer(token: str) -> dict[str, str]:
    """Return request headers with this token."""
    return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def app_client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Run an application's lifespan and yield a client for it, without sockets.

    An exception that the application does not handle reaches the test.
    """
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://service") as client,
    ):
        yield client


class Serve:
    """Start applications for one test; all stop at its end."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack

    async def __call__(self, app: FastAPI) -> httpx.AsyncClient:
        """Start an application and return a client for it."""
        return await self._stack.enter_async_context(app_client(app))


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Yield a `Serve`, which starts an application per call."""
    async with AsyncExitStack() as stack:
        yield Serve(stack)
