"""One uvicorn server as a context: up inside, shut down orderly at its end."""

import asyncio
import contextlib
import functools
import math
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.types import ASGIApp

from chassis.config.sections import ServerSettings
from chassis.http_server.connection_policy import ByteBudget, ConnectionPolicy
from chassis.http_server.framing import MAX_HEAD
from chassis.http_server.http_protocol import BoundedProtocol

_FRAMING = 8
"""How much larger than a body its chunks may be on the wire: one of a byte takes six."""


class WebServer(uvicorn.Server):
    """Serve an application under the limits of `server`; signals are left to the service."""

    def __init__(self, app: ASGIApp, settings: ServerSettings, *, budget: ByteBudget) -> None:
        self.policy = ConnectionPolicy(
            settings.request_timeout,
            settings.max_connection_age,
            budget,
            max_request=MAX_HEAD + _FRAMING * settings.max_body_size,
        )
        self._up = asyncio.Event()
        super().__init__(_config(app, settings, self.policy))

    @contextlib.asynccontextmanager
    async def running(self, listener: socket.socket) -> AsyncIterator[None]:
        """Serve inside the context; leaving it finishes what runs and closes every connection."""
        serving = asyncio.create_task(self.serve([listener]), name="web server")
        await self._up.wait()
        try:
            yield
        finally:
            self.should_exit = True
            await serving

    def close_after_responses(self) -> None:
        """Answer `Connection: close` from now on, what is being answered included."""
        self.policy.draining = True
        for connection in self.server_state.connections:
            if isinstance(connection, BoundedProtocol):
                connection.close_after_response()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Take connections, and say so (uvicorn)."""
        await super().startup(sockets)
        self._up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none (uvicorn)."""
        yield


def _config(app: ASGIApp, settings: ServerSettings, policy: ConnectionPolicy) -> uvicorn.Config:
    is_graceful = settings.shutdown == "graceful"
    return uvicorn.Config(
        app,
        http=functools.partial(BoundedProtocol, policy=policy),  # type: ignore[arg-type]  # called like the class
        interface="asgi3",
        ws="none",
        lifespan="off",  # entered by the service, so that its errors are seen as they are
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=math.ceil(settings.keep_alive),
        timeout_graceful_shutdown=math.ceil(settings.shutdown_timeout) if is_graceful else 0,
    )
