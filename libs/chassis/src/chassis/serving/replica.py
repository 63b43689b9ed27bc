"""One process of a service: the API and management ports in one event loop, and its shutdown.

On SIGTERM the replica becomes unready and keeps serving, with `Connection: close`, until the load
balancers know (`server.drain-wait`). Then it accepts no more connections, finishes requests
(`server.shutdown-timeout`) and closes its pools. The management port serves until the end
(docs/design/runtime.md, "Shutdown").
"""

import asyncio
import contextlib
import gc
import signal
import socket

import structlog
from fastapi import FastAPI

from chassis.app.management import ManagementApp
from chassis.app.state import Chassis
from chassis.config.profiles import in_development
from chassis.http_server.connection_policy import ByteBudget
from chassis.http_server.listener import listening
from chassis.http_server.web_server import WebServer

_log = structlog.get_logger("chassis.server")


class Replica:
    """Serve an application until SIGTERM or SIGINT; a second signal ends it at once."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._chassis: Chassis = app.state.chassis
        self._settings = self._chassis.live.settings.server
        # At least one body of the maximum size must fit.
        budget = ByteBudget(max(self._settings.body_budget, self._settings.max_body_size))
        self._api = WebServer(app, self._settings, budget=budget)
        self._management = WebServer(ManagementApp(self._chassis), self._settings, budget=budget)
        self._stop, self._at_once = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        """Serve and drain; raise `ListenError` if a port is in use."""
        self._handle_signals()
        self._chassis.live.on_restart(self._stop.set)
        settings, server = self._chassis.live.settings, self._settings
        apart = settings.management_address, settings.management_port
        async with contextlib.AsyncExitStack() as stack:
            api = stack.enter_context(listening(server.address, server.port, setting="server.port"))
            management = stack.enter_context(listening(*apart, setting="management.server.port"))
            await stack.enter_async_context(self._management.running(management))
            await stack.enter_async_context(self._app.router.lifespan_context(self._app))
            await stack.enter_async_context(self._api.running(api))
            self._started(api, management)
            stack.enter_context(self._watchdog())
            await self._stop.wait()
            await self._drain()
        _log.info("stopped")

    def _started(self, api: socket.socket, management: socket.socket) -> None:
        _log.info("started", address=_address(api), management=_address(management))
        # Objects from start-up are long-lived: exclude them from garbage collection.
        gc.collect()
        gc.freeze()
        self._chassis.health.started = True

    def _watchdog(self) -> contextlib.AbstractContextManager[object]:
        live = self._chassis.live
        if not in_development(live.current.profiles):
            return contextlib.nullcontext()
        from chassis.serving.watchdog import Watchdog  # noqa: PLC0415 - development only

        return Watchdog(own=type(live.settings).__module__.partition(".")[0])

    async def _drain(self) -> None:
        """Keep serving while unready, unless `server.shutdown` is immediate."""
        self._chassis.health.draining = True
        self._api.close_after_responses()
        if self._settings.shutdown == "graceful":
            _log.info("draining", seconds=self._settings.drain_wait)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._at_once.wait(), self._settings.drain_wait)

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled)

    def _signalled(self) -> None:
        if self._stop.is_set():
            self._at_once.set()
            self._api.force_exit = self._management.force_exit = True
        self._stop.set()


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
