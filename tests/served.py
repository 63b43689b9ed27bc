"""Serve an ASGI application on a real socket within a test."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp


class _Server(uvicorn.Server):
    """Stops immediately on request, not at uvicorn's next tick."""

    def __init__(self, app: ASGIApp) -> None:
        self.stop = asyncio.Event()
        options = uvicorn.Config(
            app, log_config=None, timeout_graceful_shutdown=1, lifespan="on", interface="asgi3"
        )
        super().__init__(options)

    async def main_loop(self) -> None:
        await self.stop.wait()


@asynccontextmanager
async def served(*apps: ASGIApp) -> AsyncIterator[tuple[str, ...]]:
    """Serve each on a free loopback port, and yield the base URLs."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in apps]
    servers = [_Server(app) for app in apps]
    serving = asyncio.gather(
        *(server.serve([listener]) for server, listener in zip(servers, listeners, strict=True))
    )
    try:
        yield tuple(f"http://127.0.0.1:{one.getsockname()[1]}" for one in listeners)
    finally:
        for server in servers:
            server.stop.set()
        await serving
        for listener in listeners:
            listener.close()
