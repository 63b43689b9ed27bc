"""Run a service: two ports in one loop, and an end that loses no request.

On SIGTERM the replica becomes unready and goes on answering, each answer with
`Connection: close`, while the news spreads (`server.drain-wait`); then it takes no more
connections, finishes what is running (`server.shutdown-timeout`) and closes its pools.
"""

import asyncio
import contextlib
import functools
import gc
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from os import environ
from typing import Any, TypeVar

import structlog
import uvicorn
import uvloop
from fastapi import FastAPI
from starlette.types import ASGIApp

from chassis.config.errors import ConfigError
from chassis.config.live import LiveConfig
from chassis.config.settings import ServiceSettings
from chassis.config.source import ConfigSource
from chassis.management import create_management_app
from chassis.protocol import BoundedProtocol, ConnectionPolicy
from chassis.telemetry.logs import configure_logs

S = TypeVar("S", bound=ServiceSettings)

_FAILED, _MISCONFIGURED = 1, 2
_MANAGEMENT_OFFSET = 10_000
_BACKLOG = 2048
_GENERATION_0 = 50_000
"""Objects before a collection: fewer and the collector makes the latency's tail."""

_log = structlog.get_logger("chassis.server")


def run_service(
    name: str,
    settings_type: type[S],
    create_app: Callable[[LiveConfig[S]], FastAPI],
    argv: Sequence[str] | None = None,
) -> int:
    """Serve until SIGTERM; return the exit code: 0, 1 for a failure, 2 for a bad configuration."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    if "--help" in arguments or "-h" in arguments:
        return _help(name, settings_type)
    configure_logs(name)
    try:
        live = LiveConfig.load(ConfigSource.from_process(name, arguments, environ), settings_type)
        return uvloop.run(_Service(name, live, create_app(live)).run())
    except ConfigError as error:
        return _complain(name, str(error), _MISCONFIGURED)
    except OSError as error:
        return _complain(name, str(error), _FAILED)


class _Service:
    """One process: the application, its two servers, its end."""

    def __init__(self, name: str, live: LiveConfig[Any], app: FastAPI) -> None:
        server = live.settings.server
        self._name, self._settings = name, server
        self._chassis = app.state.chassis
        self._policy = ConnectionPolicy(server.request_timeout, server.max_connection_age)
        self._api = self._server(app, lifespan=True)
        self._management = self._server(create_management_app(self._chassis), lifespan=False)
        self._stop, self._hurry = asyncio.Event(), asyncio.Event()
        live.on_restart(self._stop.set)

    async def run(self) -> int:
        with contextlib.ExitStack() as sockets:
            api = sockets.enter_context(_listen(self._settings.address, self._settings.port))
            management = sockets.enter_context(_listen(*self._management_address(api)))
            self._handle_signals()
            aside = asyncio.create_task(self._management.serve([management]))
            code = await self._serve(api)
            self._management.should_exit = True
            await aside
        return code

    async def _serve(self, listener: socket.socket) -> int:
        serving = asyncio.create_task(self._api.serve([listener]))
        await self._started(serving)
        if serving.done():
            return _FAILED
        _log.info("started", address=f"{self._settings.address}:{listener.getsockname()[1]}")
        await self._until_stopped(serving)
        self._api.should_exit = True
        await serving
        _log.info("stopped")
        return 0

    async def _started(self, serving: "asyncio.Task[None]") -> None:
        """Wait until the application has started, then leave its objects out of collections."""
        while not self._api.started and not serving.done():
            await asyncio.sleep(0.005)
        self._chassis.health.started = self._api.started
        gc.collect()
        gc.freeze()
        gc.set_threshold(_GENERATION_0)

    async def _until_stopped(self, serving: "asyncio.Task[None]") -> None:
        """Serve until a signal, then drain; a second signal ends the waiting."""
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({stopping, serving}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        self._chassis.health.draining = True
        self._policy.draining = True
        if self._settings.shutdown == "graceful":
            _log.info("draining", seconds=self._settings.drain_wait)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), self._settings.drain_wait)

    def _handle_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled)

    def _signalled(self) -> None:
        if self._stop.is_set():
            self._hurry.set()
            self._api.force_exit = True
        self._stop.set()

    def _management_address(self, api: socket.socket) -> tuple[str, int]:
        chosen = self._chassis.live.settings.management.server
        port = chosen.port
        if port is None:
            port = api.getsockname()[1] + _MANAGEMENT_OFFSET
        return chosen.address or self._settings.address, port

    def _server(self, app: ASGIApp, *, lifespan: bool) -> uvicorn.Server:
        config = uvicorn.Config(
            app,
            http=functools.partial(BoundedProtocol, policy=self._policy),  # type: ignore[arg-type]  # called like the class
            ws="none",
            loop="none",
            lifespan="on" if lifespan else "off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=int(self._settings.keep_alive),
            timeout_graceful_shutdown=int(self._settings.shutdown_timeout),
        )
        return _Server(config)


class _Server(uvicorn.Server):
    """A server that leaves the signals to the service."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def _listen(address: str, port: int) -> Iterator[socket.socket]:
    """Bind a port; raise OSError with one line that names it."""
    try:
        listener = socket.create_server((address, port), backlog=_BACKLOG)
    except OSError as error:
        raise OSError(
            f"can't listen on {address}:{port}: {error.strerror}; choose another"
        ) from error
    with listener:
        yield listener


def _help(name: str, settings_type: type[ServiceSettings]) -> int:
    sections = ", ".join(sorted(settings_type.model_fields))
    print(  # noqa: T201 - this is a command
        f"usage: {name} [--profiles=NAME,...] [--KEY=VALUE ...]\n\n"
        f"A KEY is a dotted setting, such as --server.port=8080. Sections: {sections}.\n"
        "CONFIG_DIR and SECRETS_DIR name the mounts; the environment overrides them, for example\n"
        f"{name.upper().replace('-', '_')}__SERVER__PORT=8080. All settings: docs/configuration.md"
    )
    return 0


def _complain(name: str, message: str, code: int) -> int:
    print(f"{name}: {message}", file=sys.stderr)  # noqa: T201 - this is a command
    return code
