"""rest-service in this process, with its dependencies on real sockets."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from chassis import LiveConfig
from chassis.config import ConfigSource
from chassis.testing import app_client
from diff_ns_service.app import create_app as create_diff_ns_service
from diff_ns_service.settings import DiffNsSettings
from rest_service.app import create_app
from rest_service.settings import RestSettings
from unit.rest_service.callers import known_tokens


@pytest.fixture(scope="module")
async def diff_ns_service() -> AsyncIterator[int]:
    """Serve the real diff-ns-service; return its port."""
    arguments = {"release": "v1", "pod": "diff-ns-0"}
    live = LiveConfig.load(ConfigSource("diff-ns-service", arguments=arguments), DiffNsSettings)
    async with _served(create_diff_ns_service(live, token_services=known_tokens())) as port:
        yield port


@pytest.fixture(scope="module")
async def token_endpoint() -> AsyncIterator[int]:
    """Serve an endpoint that issues the token `read-only-app` to every client; return its port."""
    app = FastAPI()
    token = {"access_token": "read-only-app", "token_type": "bearer", "expires_in": 600}
    app.post("/oauth/token")(lambda: token)
    async with _served(app) as port:
        yield port


@pytest.fixture
async def rest_service(
    tmp_path: Path, diff_ns_service: int, token_endpoint: int
) -> AsyncIterator[httpx.AsyncClient]:
    """Run rest-service; return a client of it."""
    table = tmp_path / "table.json"
    name = "diff-ns-service-service.ns-app"
    table.write_text(json.dumps({f"{name}:80": f"127.0.0.1:{diff_ns_service}"}))
    arguments = {
        "pod": "rest-0",
        "greeting.message": "Hello from a test",
        "discovery.mode": "static",
        "discovery.table": str(table),
        "discovery.namespaces": "ns-app",
        "security.path.ignores": "/greeting",
        "security.oauth2.client.client-id": "rest-service",
        "security.oauth2.client.client-secret": "rest-service-123",
        "security.oauth2.client.access-token-uri": f"http://127.0.0.1:{token_endpoint}/oauth/token",
    }
    live = LiveConfig.load(ConfigSource("rest-service", arguments=arguments), RestSettings)
    async with app_client(create_app(live, token_services=known_tokens())) as client:
        yield client


@asynccontextmanager
async def _served(app: FastAPI) -> AsyncIterator[int]:
    """Serve an application on a free port. Calls wait in the backlog until it has started."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, interface="asgi3", log_config=None)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield listener.getsockname()[1]
        server.should_exit = True
        await serving
