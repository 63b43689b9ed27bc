"""Serve an application on a free loopback port, by the HTTP server of a pod."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from chassis.config.sections import ServerSettings
from chassis.http_server.connection_policy import ByteBudget
from chassis.http_server.listener import listening
from chassis.http_server.web_server import WebServer


@asynccontextmanager
async def listening_on_loopback(app: FastAPI) -> AsyncIterator[str]:
    """Serve an application whose lifespan has begun, and yield its URL."""
    chassis: Any = getattr(app.state, "chassis", None)
    settings = chassis.live.settings.server if chassis else ServerSettings()
    server = _Server(app, settings, budget=ByteBudget(settings.body_budget))
    with listening("127.0.0.1", 0, setting="http") as listener:
        async with server.running(listener):
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"


class _Server(WebServer):
    """Ends on request, not at uvicorn's next tick."""

    @asynccontextmanager
    async def running(self, listener: socket.socket) -> AsyncIterator[None]:
        """Serve within the context."""
        self._stop = asyncio.Event()
        async with super().running(listener):
            try:
                yield
            finally:
                self._stop.set()

    async def main_loop(self) -> None:
        """Set the headers of responses, and wait for the end (uvicorn)."""
        await self.on_tick(0)
        await self._stop.wait()
