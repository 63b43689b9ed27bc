"""Requests that an endpoint serves at the protocol, without ASGI: no task, no scope, one write.

Only the usual request of such an endpoint is served so: a POST to the exact path without a query,
with a small body of a declared length. Whatever else is asked for, or what the endpoint leaves to
its ASGI application, goes there with the same bytes, before anything is done. What both ways have
in common is in `accounting` (docs/design/decisions/check-token-at-the-protocol.md).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from chassis.errors import ApiError, raw_headers
from chassis.http_server.accounting import Accounting, as_response, ending
from chassis.telemetry.trace import current_trace

if TYPE_CHECKING:
    from chassis.http_server.direct_protocol import DirectProtocol

Header = tuple[bytes, bytes]
Done = Callable[[Any], None]
"""Takes the result that an endpoint waits for, or the exception that it ended with."""
Judge = Callable[[Any], bytes]
"""Makes the body of a 200 of that result; raises an `ApiError` for any other response."""

_OK = 200
_METHOD = "POST"


@runtime_checkable
class DirectEndpoint(Protocol):
    """An endpoint of `fast_paths` that also serves requests at the protocol."""

    ok_headers: ClassVar[tuple[Header, ...]]
    """The headers of a 200, without its length."""
    max_body: ClassVar[int]
    """Bytes of the largest body of a usual request."""

    def read(self, headers: Sequence[Header]) -> Any:
        """Return what `begin` needs of a head that requests may share; raise an `ApiError`."""
        ...

    def begin(self, read: Any, body: bytes, address: str, done: Done) -> Judge | None:
        """Check a request of the peer `address` without waiting, and have `done` called later.

        None leaves the request to the ASGI application: then nothing may have been done, and `done`
        is not called. Raises an `ApiError` for a request that is refused.
        """
        ...


class DirectHead:
    """A head for an endpoint, which reads it once."""

    __slots__ = ("_headers", "_read", "path")

    def __init__(self, path: "DirectPath", headers: Sequence[Header]) -> None:
        self.path, self._headers = path, headers
        self._read: Any = None

    def read(self) -> Any:
        """Return what the endpoint read; raise an `ApiError`."""
        if self._read is None:
            self._read = self.path.endpoint.read(self._headers)
        return self._read


class DirectPath:
    """One endpoint with its target and template; it renders the head of its 200 once a second."""

    __slots__ = ("_defaults", "_head", "accounting", "endpoint", "limit", "target", "uri")

    def __init__(
        self,
        uri: str,
        endpoint: DirectEndpoint,
        accounting: Accounting,
        *,
        limit: int,
        below: str = "",
    ) -> None:
        self.target = (below + uri).encode()
        self.uri, self.endpoint, self.accounting, self.limit = uri, endpoint, accounting, limit
        self._defaults: list[Header] | None = None
        self._head = b""

    def head(self, defaults: list[Header]) -> bytes:
        """Return the head of a 200 up to the number of its length; uvicorn renews `defaults`."""
        if defaults is not self._defaults:
            self._defaults = defaults
            headers = (*defaults, *self.endpoint.ok_headers)
            self._head = STATUS_LINE[_OK] + _lines(headers) + b"content-length: "
        return self._head


class DirectPaths:
    """The endpoints by request target; `active` is empty where requests need the ASGI layers."""

    def __init__(self, paths: Iterable[DirectPath]) -> None:
        self._all = {path.target: path for path in paths}
        self.active: Mapping[bytes, DirectPath] = self._all

    def switch(self, *, on: bool) -> None:
        """Serve requests directly from now on, or no longer."""
        self.active = self._all if on else {}


class _NoEvent:
    """An event that nobody awaits."""

    @staticmethod
    def set() -> None:
        """Do nothing."""


class DirectExchange:
    """One request and its response: a `RequestResponseCycle` (uvicorn) as far as protocols use it.

    It is also a task as far as a server's shutdown uses one.
    """

    __slots__ = (
        "_began",
        "_judge",
        "_path",
        "_protocol",
        "_response",
        "_trace",
        "body",
        "disconnected",
        "keep_alive",
        "more_body",
        "response_complete",
        "response_started",
        "scope",
    )
    message_event = _NoEvent

    def __init__(self, protocol: "DirectProtocol", path: DirectPath) -> None:
        self._protocol, self._path = protocol, path
        self.scope = protocol.scope
        self.body = b""
        self.disconnected = self.keep_alive = self.more_body = False
        self.response_started = self.response_complete = False
        self._response: tuple[int, bytes, bytes] | None = None
        self._judge: Judge | None = None

    def begin(self, head: DirectHead, body: bytes, traceparent: bytes | None) -> bool:
        """Have the endpoint begin; return False where the ASGI application serves the request."""
        path = self._path
        if path.accounting.is_full:
            return False
        self._began = perf_counter()
        self._trace = path.accounting.trace(traceparent)
        outer = current_trace.set(self._trace)
        try:
            self._judge = path.endpoint.begin(head.read(), body, self._protocol.address, self._done)
            if self._judge is None:
                return False
        except Exception as error:  # noqa: BLE001 - the last resort
            self._response = self._refusal(error)
        finally:
            current_trace.reset(outer)
        path.accounting.in_flight += 1
        self._protocol.tasks.add(self)  # type: ignore[arg-type]  # a task in all that uvicorn uses
        return True

    def respond(self) -> None:
        """Send the response that is known already, if one is."""
        if self._response is not None:
            self._send(*self._response)

    def cancel(self, msg: str | None = None) -> None:
        """Respond 503 soon: the server ends (asyncio.Task). It is going through its tasks now."""
        del msg
        self._protocol.loop.call_soon(self._end)

    def _end(self) -> None:
        if not self.response_started:
            self._send(*self._refusal(ending()))

    def _done(self, result: Any) -> None:
        if self.response_started:
            return
        assert self._judge is not None  # noqa: S101 - for the type checker
        outer = current_trace.set(self._trace)
        try:
            body = self._judge(_raised(result))
        except Exception as error:  # noqa: BLE001 - the last resort
            self._send(*self._refusal(error))
        else:
            head = self._path.head(self._protocol.server_state.default_headers)
            self._send(_OK, head + b"%d\r\n" % len(body), body)
        finally:
            current_trace.reset(outer)

    def _refusal(self, error: Exception) -> tuple[int, bytes, bytes]:
        """Return status, head and body of an error."""
        told: ApiError = as_response(error, _METHOD, self._path.uri)
        body = told.body()
        headers = (*self._protocol.server_state.default_headers, *raw_headers(told, body))
        return told.status, STATUS_LINE[told.status] + _lines(headers), body

    def _send(self, status: int, head: bytes, body: bytes) -> None:
        """Send a response in one piece, and account for it."""
        self.response_started = True
        protocol, accounting = self._protocol, self._path.accounting
        if not self.disconnected:
            trace = b"traceresponse: " + self._trace.encoded()
            end = b"\r\n\r\n" if self.keep_alive else b"\r\nconnection: close\r\n\r\n"
            protocol.write_now(head + trace + end + body)
        self.response_complete = True
        self._judge = None
        accounting.in_flight -= 1
        protocol.tasks.discard(self)
        accounting.record(_METHOD, self._path.uri, status, perf_counter() - self._began)
        if not self.disconnected:
            if not self.keep_alive:
                protocol.transport.close()
            protocol.on_response_complete()


def _raised(result: Any) -> Any:
    """Return a result; raise it where it is an exception."""
    if isinstance(result, Exception):
        raise result
    return result


def _lines(headers: tuple[Header, ...]) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)
