"""The outermost layer: every request has a trace, is counted, and ends with an honest answer."""

import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.errors import ApiError, ServerError, TemporarilyUnavailable, error_response
from chassis.telemetry.metrics import UNMATCHED, RequestMetrics
from chassis.telemetry.trace import continued, current_trace

_NO_ANSWER = 0
_log = structlog.get_logger("chassis.request")


class RequestLayer:
    """Trace, measure and, where all else failed, answer a request.

    At most `limit` requests are under way; the next one is a 503, for a queue without a bound
    would only turn an overload into time-outs.
    """

    def __init__(self, app: ASGIApp, *, metrics: RequestMetrics, limit: int) -> None:
        self._app, self._metrics, self._limit = app, metrics, limit
        self._under_way = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; anything but HTTP passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        trace = current_trace.set(continued(_header(scope, b"traceparent")))
        began = time.perf_counter()
        self._under_way += 1
        try:
            await self._serve(scope, receive, answer)
        finally:
            self._under_way -= 1
            self._count(scope, answer, began)
            current_trace.reset(trace)

    async def _serve(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        try:
            self._admit()
            await self._app(scope, receive, answer.send)
        except ApiError as error:
            await _finish(scope, receive, answer, error)
        except Exception:  # noqa: BLE001 - the last resort: logged, answered, and the server lives on
            _log.exception("unhandled error", method=scope["method"], uri=_template(scope))
            await _finish(scope, receive, answer, ServerError())

    def _admit(self) -> None:
        if self._under_way > self._limit:
            raise TemporarilyUnavailable("Too many requests are under way; try again")

    def _count(self, scope: Scope, answer: "_Answer", began: float) -> None:
        seconds = time.perf_counter() - began
        self._metrics.observe(scope["method"], _template(scope), answer.status, seconds)
        _log.debug("served", method=scope["method"], uri=_template(scope), status=answer.status)


class _Answer:
    """Remembers the status that was sent; 0 while none was."""

    __slots__ = ("_send", "status")

    def __init__(self, send: Send) -> None:
        self._send, self.status = send, _NO_ANSWER

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        await self._send(message)


async def _finish(scope: Scope, receive: Receive, answer: _Answer, error: ApiError) -> None:
    """Answer with an error, unless an answer has begun: then the connection breaks, honestly."""
    if answer.status != _NO_ANSWER:
        raise ConnectionError("the answer broke off") from error
    await error_response(error)(scope, receive, answer.send)


def _template(scope: Scope) -> str:
    """Return the template of the route that took the request."""
    route = scope.get("route")
    return route if isinstance(route, str) else getattr(route, "path", UNMATCHED)


def _header(scope: Scope, name: bytes) -> bytes | None:
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return None
