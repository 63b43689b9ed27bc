"""A uvicorn server as a context manager, shut down gracefully on exit."""

import asyncio
import contextlib
import functools
import math
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.server import Server

from chassis.config.sections import ServerSettings
from chassis.http_server.connection_policy import ByteBudget, ConnectionPolicy
from chassis.http_server.direct import DirectPaths
from chassis.http_server.direct_protocol import DirectProtocol
from chassis.http_server.framing import MAX_HEAD
from chassis.http_server.http_protocol import BoundedProtocol

_FRAMING = 8
"""How much larger a chunked body may be on the wire: a chunk of one byte takes six."""


class WebServer(Server):
    """Serve an application within the limits of `server`; the service handles signals."""

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
        """Serve within the context; on exit, finish requests and close all connections."""
        serving = asyncio.create_task(self.serve([listener]), name="web server")
        await self._up.wait()
        try:
            yield
        finally:
            self.should_exit = True
            await serving

    def close_after_responses(self) -> None:
        """Send `Connection: close` with every response, including those in progress."""
        self.policy.draining = True
        for connection in self.server_state.connections:
            if isinstance(connection, BoundedProtocol):
                connection.close_after_response()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections, and set the event (uvicorn)."""
        await super().startup(sockets)
        self._up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture no signals (uvicorn)."""
        yield


def _protocol(app: ASGIApp, policy: ConnectionPolicy) -> Any:
    """Return what makes the protocol of a connection: called like the class (uvicorn)."""
    direct: DirectPaths | None = getattr(app, "direct", None)
    if direct is None:
        return functools.partial(BoundedProtocol, policy=policy)
    return functools.partial(DirectProtocol, policy=policy, direct=direct)


def _config(app: ASGIApp, settings: ServerSettings, policy: ConnectionPolicy) -> Config:
    is_graceful = settings.shutdown == "graceful"
    return Config(
        app,
        http=_protocol(app, policy),
        interface="asgi3",
        ws="none",
        lifespan="off",  # the service enters it, so that errors propagate
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=math.ceil(settings.keep_alive),
        timeout_graceful_shutdown=math.ceil(settings.shutdown_timeout) if is_graceful else 0,
    )
