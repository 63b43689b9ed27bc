"""The outermost layer: every request has a trace, is counted, and ends with an honest answer.

One layer for what every request goes through, because each further one costs every request a
coroutine; the parts stand in files of their own: `telemetry/trace`, `telemetry/request_metrics`,
`telemetry/access_log`, `errors`.
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

_NO_ANSWER = 0
_OVERLOADED = "Too many requests are under way; try again"
_ENDING = "This replica is shutting down; try again"
_log = structlog.get_logger("chassis.request")


class RequestLayer:
    """Trace, measure and, where all else failed, answer a request.

    Pins the configuration the request sees: `state["settings"]`. At most
    `server.limit-concurrency` requests are under way; the next one is a 503, for a queue without
    a bound would only turn an overload into time-outs.
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
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; anything but HTTP passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace = Trace.of(scope)
        trace.security_events = self._security_events
        answer = _Answer(send, trace)
        outer = current_trace.set(trace)
        scope.setdefault("state", {})["settings"] = self._live.settings
        began = perf_counter()
        self._under_way += 1
        try:
            if self._under_way > self._limit:
                await _finish(scope, answer, TemporarilyUnavailable(_OVERLOADED))
            else:
                await self._app(scope, receive, answer.send)
        except asyncio.CancelledError:
            # Only the end of the process cancels a request: shutdown-timeout has passed.
            if answer.status == _NO_ANSWER:
                await _finish(scope, answer, TemporarilyUnavailable(_ENDING))
            raise
        except Exception as error:  # noqa: BLE001 - the last resort
            await _finish(scope, answer, error)
        finally:
            self._under_way -= 1
            self._count(scope, answer.status, perf_counter() - began)
            current_trace.reset(outer)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        method, uri = scope["method"], _template(scope)
        self._metrics.observe(method, uri, status, seconds)
        if self._access_log.wants(status):
            self._access_log.write(method, uri, status, seconds)


class _Answer:
    """Tells the trace; remembers the status, 0 while none was sent, and whether all was sent."""

    __slots__ = ("_send", "_trace", "complete", "status")

    def __init__(self, send: Send, trace: Trace) -> None:
        self._send, self._trace = send, trace
        self.status, self.complete = _NO_ANSWER, False

    def send(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = self._trace.told(message)
        elif not message.get("more_body"):
            self.complete = True
        return self._send(message)


async def _finish(scope: Scope, answer: _Answer, error: Exception) -> None:
    """Answer with the error, unless an answer has begun: then the connection breaks, honestly."""
    if isinstance(error, ClientDisconnect):
        return
    if not isinstance(error, ApiError):
        _log.error("unhandled error", method=scope["method"], uri=_template(scope), exc_info=error)
        error = ServerError()
    if answer.complete:
        return
    if answer.status != _NO_ANSWER:
        raise ConnectionError("the answer broke off") from error
    await send_error(error, answer.send)


def _template(scope: Scope) -> str:
    """Return the template of the route that took the request."""
    route = scope.get("route")
    return route if isinstance(route, str) else getattr(route, "path", UNMATCHED)
