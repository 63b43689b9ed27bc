"""Trace, measure and log every request; respond to unhandled errors and overload.

This is one layer because each layer costs every request a coroutine. What it records is in
`http_server/accounting`.
"""

import asyncio
from collections.abc import Awaitable
from time import perf_counter
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.config.live import LiveConfig
from chassis.errors import send_error
from chassis.http_server.accounting import Accounting, as_response, ending, overloaded
from chassis.telemetry.request_metrics import UNMATCHED
from chassis.telemetry.trace import Trace, current_trace, traceparent_of

_NOT_STARTED = 0


class RequestLayer:
    """Trace and measure a request, and handle what it raises.

    `state["settings"]` is the configuration snapshot of the request.
    """

    def __init__(self, app: ASGIApp, *, live: LiveConfig[Any], accounting: Accounting) -> None:
        self._app, self._live, self._accounting = app, live, accounting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request; pass on anything else."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        accounting = self._accounting
        trace = accounting.trace(traceparent_of(scope["headers"]))
        response = _TracedResponse(send, trace)
        outer = current_trace.set(trace)
        scope.setdefault("state", {})["settings"] = self._live.settings
        began = perf_counter()
        is_over = accounting.is_full
        accounting.in_flight += 1
        try:
            if is_over:
                await _finish(scope, response, overloaded())
            else:
                await self._app(scope, receive, response.send)
        except asyncio.CancelledError:
            # Only the end of server.shutdown-timeout cancels a request.
            if response.status == _NOT_STARTED:
                await _finish(scope, response, ending())
            raise
        except Exception as error:  # noqa: BLE001 - the last resort
            await _finish(scope, response, error)
        finally:
            accounting.in_flight -= 1
            seconds = perf_counter() - began
            accounting.record(scope["method"], _template(scope), response.status, seconds)
            current_trace.reset(outer)


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
    told = as_response(error, scope["method"], _template(scope))
    if response.complete:
        return
    if response.status != _NOT_STARTED:
        raise ConnectionError("the response was aborted") from error
    await send_error(told, response.send)


def _template(scope: Scope) -> str:
    """Return the template of the matched route."""
    route = scope.get("route")
    return route if isinstance(route, str) else getattr(route, "path", UNMATCHED)
