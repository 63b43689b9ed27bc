"""Serve an ASGI application on a real socket within a test."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp


class _Server(uvicorn.Server):
    """Ends when it is told to, not at uvicorn's next tick."""

    def __init__(self, app: ASGIApp) -> None:
        self.stop = asyncio.Event()
        options = uvicorn.Config(
            app, log_config=None, timeout_graceful_shutdown=1, lifespan="on", interface="asgi3"
        )
        super().__init__(options)

    async def main_loop(self) -> None:
        await self.stop.wait()


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """Serve on a free port of loopback; yield the base URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = _Server(app)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.stop.set()
            await serving
