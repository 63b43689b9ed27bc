"""The error responses of a service; each class has its status, wire code and headers.

ApiError
├── InvalidRequest           400 invalid_request
├── InvalidToken             401 invalid_token (RFC 6750 section 3.1)
├── AccessDenied             403 access_denied
│   └── InsufficientScope    403 insufficient_scope (RFC 6750 section 3.1)
├── NotFound                 404 not_found
├── MethodNotAllowed         405 method_not_allowed
├── RequestTimeout           408 invalid_request
├── PayloadTooLarge          413 payload_too_large
├── HeadTooLarge             431 invalid_request
├── ServerError              500 server_error
├── UnknownTransferCoding    501 not_implemented (RFC 9112 section 6.1)
└── TemporarilyUnavailable   503 temporarily_unavailable, with Retry-After

Every body is `{"error": …, "error_description": …}`: Spring resource servers treat a body without
`error` as success.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import ClassVar, Self

from starlette.responses import Response
from starlette.types import Send

from chassis.telemetry.trace import Trace, current_trace

# RFC 6750 section 3: the characters of an error_description; others would end the quoted string.
_CACHED = 64
"""Bodies that are cached: nearly all errors say what their class says."""
_NOT_QUOTABLE = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")


class ApiError(Exception):
    """An error response; the description says what to do."""

    status: ClassVar[int] = 500
    error: ClassVar[str] = "server_error"

    def __init__(
        self, description: str | None = None, *, headers: Mapping[str, str] | None = None
    ) -> None:
        self.description = description or (type(self).__doc__ or "").split("\n")[0]
        self.extra_headers = dict(headers or {})
        super().__init__(self.description)

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of the response."""
        return {"Cache-Control": "no-store", **self.extra_headers}

    def body(self) -> bytes:
        """Return the JSON body."""
        return _plain_body(self.error, self.description)


class InvalidRequest(ApiError):
    """The request is malformed."""

    status = 400
    error = "invalid_request"


class InvalidToken(ApiError):
    """The access token is missing, malformed, expired or revoked; get a new one."""

    status = 401
    error = "invalid_token"

    @property
    def headers(self) -> dict[str, str]:
        """Return the challenge of RFC 6750 section 3."""
        return {"WWW-Authenticate": challenge(self.error, self.description), **super().headers}

    def again(self) -> Self:
        """Return the same error for another request, without this one's traceback."""
        return type(self)(self.description)


class AccessDenied(ApiError):
    """The token does not allow this."""

    status = 403
    error = "access_denied"


class InsufficientScope(AccessDenied):
    """The token's scope is too small."""

    error = "insufficient_scope"

    def __init__(self, scopes: Iterable[str] = (), description: str | None = None) -> None:
        self.scope = " ".join(scopes)
        super().__init__(description)

    @property
    def headers(self) -> dict[str, str]:
        """Return the challenge of RFC 6750 section 3, with the required scope."""
        text = challenge(self.error, self.description, scope=self.scope)
        return {"WWW-Authenticate": text, **super().headers}


class NotFound(ApiError):
    """The path does not exist."""

    status = 404
    error = "not_found"


class MethodNotAllowed(ApiError):
    """The path does not support this method."""

    status = 405
    error = "method_not_allowed"


class PayloadTooLarge(ApiError):
    """The body is larger than server.max-body-size."""

    status = 413
    error = "payload_too_large"


class RequestTimeout(ApiError):
    """The request was not complete within server.request-timeout."""

    status = 408
    error = "invalid_request"


class HeadTooLarge(ApiError):
    """The request line and headers are too large."""

    status = 431
    error = "invalid_request"


class ServerError(ApiError):
    """The server failed; the log has the error under the trace id."""

    def body(self) -> bytes:
        """Return the JSON body, with the trace id to search the logs for."""
        trace = current_trace.get()
        extra = {"trace_id": trace.trace_id} if trace else {}
        return error_body(self.error, self.description, **extra)


class UnknownTransferCoding(ApiError):
    """The only supported transfer coding is chunked."""

    status = 501
    error = "not_implemented"


class TemporarilyUnavailable(ApiError):
    """A dependency is unavailable; try again."""

    status = 503
    error = "temporarily_unavailable"

    def __init__(self, description: str | None = None, *, retry_after: int = 1) -> None:
        super().__init__(description, headers={"Retry-After": str(retry_after)})


def error_body(error: str, description: str, **extra: str) -> bytes:
    """Return the JSON body of an error."""
    return json.dumps({"error": error, "error_description": description, **extra}).encode()


@lru_cache(_CACHED)
def _plain_body(error: str, description: str) -> bytes:
    return error_body(error, description)


def error_response(error: ApiError) -> Response:
    """Render an error."""
    return Response(
        error.body(), error.status, headers=error.headers, media_type="application/json"
    )


def raw_headers(error: ApiError, body: bytes) -> list[tuple[bytes, bytes]]:
    """Return the headers of an error with this body (ASGI)."""
    return [
        (b"content-length", b"%d" % len(body)),
        *(
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in error.headers.items()
        ),
        (b"content-type", b"application/json"),
    ]


async def send_error(error: ApiError, send: Send) -> None:
    """Send an error as `error_response` renders it, for less: it is what a flood gets."""
    body = error.body()
    headers = raw_headers(error, body)
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def raw_response(error: ApiError) -> bytes:
    """Render an error as the bytes of a connection's last response."""
    body = error.body()
    lines = [
        f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}",
        *(f"{name}: {value}" for name, value in error.headers.items()),
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"traceresponse: {Trace().traceparent()}",
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def challenge(error: str | None = None, description: str = "", **attributes: str) -> str:
    """Return a WWW-Authenticate value (RFC 6750 section 3), without an error if no token came.

    Other `attributes` are `scope` and those of RFC 9470 section 3; an empty one is left out.
    """
    pairs = [("realm", "api")]
    if error:
        pairs += [("error", error), ("error_description", _NOT_QUOTABLE.sub("'", description))]
    pairs += [(name, value) for name, value in attributes.items() if value]
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in pairs)
