"""Trace, measure and log every request; respond to unhandled errors and overload.

This is one layer because each layer costs every request a coroutine. Its parts are in
`telemetry/trace`, `telemetry/request_metrics`, `telemetry/access_log` and `errors`.
"""

import asyncio
from collections.abc import Awaitable
from time import perf_counter
from typing import Any

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.config.live import LiveConfig
from chassis.errors import ApiError, ServerError, TemporarilyUnavailable, send_error
from chassis.telemetry.access_log import AccessLog
from chassis.telemetry.request_metrics import UNMATCHED, RequestMetrics
from chassis.telemetry.security_events import SecurityEvents
from chassis.telemetry.trace import Trace, current_trace

_NOT_STARTED = 0
_OVERLOADED = "Too many concurrent requests; try again"
_ENDING = "This replica is shutting down; try again"
_log = structlog.get_logger("chassis.request")


class RequestLayer:
    """Trace and measure a request, and handle what it raises.

    `state["settings"]` is the configuration snapshot of the request. Beyond
    `server.limit-concurrency` concurrent requests the response is 503: an unbounded queue would
    turn overload into timeouts.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        live: LiveConfig[Any],
        metrics: RequestMetrics,
        security_events: SecurityEvents,
        access_log: AccessLog,
        limit: int,
    ) -> None:
        self._app, self._live, self._limit = app, live, limit
        self._metrics, self._access_log = metrics, access_log
        self._security_events = security_events
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request; pass on anything else."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace = Trace.of(scope)
        trace.security_events = self._security_events
        response = _TracedResponse(send, trace)
        outer = current_trace.set(trace)
        scope.setdefault("state", {})["settings"] = self._live.settings
        began = perf_counter()
        self._in_flight += 1
        try:
            if self._in_flight > self._limit:
                await _finish(scope, response, TemporarilyUnavailable(_OVERLOADED))
            else:
                await self._app(scope, receive, response.send)
        except asyncio.CancelledError:
            # Only the end of server.shutdown-timeout cancels a request.
            if response.status == _NOT_STARTED:
                await _finish(scope, response, TemporarilyUnavailable(_ENDING))
            raise
        except Exception as error:  # noqa: BLE001 - the last resort
            await _finish(scope, response, error)
        finally:
            self._in_flight -= 1
            self._count(scope, response.status, perf_counter() - began)
            current_trace.reset(outer)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        method, uri = scope["method"], _template(scope)
        self._metrics.observe(method, uri, status, seconds)
        if self._access_log.wants(status):
            self._access_log.write(method, uri, status, seconds)


class _TracedResponse:
    """Send a response with its trace; record its status (0: not started) and whether it ended."""

    __slots__ = ("_send", "_trace", "complete", "status")

    def __init__(self, send: Send, trace: Trace) -> None:
        self._send, self._trace = send, trace
        self.status, self.complete = _NOT_STARTED, False

    def send(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = self._trace.add_to(message)
        elif not message.get("more_body"):
            self.complete = True
        return self._send(message)


async def _finish(scope: Scope, response: _TracedResponse, error: Exception) -> None:
    """Send the error, or abort a started response, so that the client sees it truncated."""
    if isinstance(error, ClientDisconnect):
        return
    if not isinstance(error, ApiError):
        _log.error("unhandled error", method=scope["method"], uri=_template(scope), exc_info=error)
        error = ServerError()
    if response.complete:
        return
    if response.status != _NOT_STARTED:
        raise ConnectionError("the response was aborted") from error
    await send_error(error, response.send)


def _template(scope: Scope) -> str:
    """Return the template of the matched route."""
    route = scope.get("route")
    return route if isinstance(route, str) else getattr(route, "path", UNMATCHED)
