"""Cross-origin requests (CORS; Fetch Standard, 3.2), off by default.

The outer layer adds headers to every response, including errors. The inner one responds to
preflight requests, which have no token, before the security filter.
"""

from collections.abc import Awaitable, Iterable
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.config.live import LiveConfig
from chassis.config.sections import ANY_ORIGIN, CorsSettings
from chassis.errors import AccessDenied

_REQUEST_METHOD = b"access-control-request-method"
_REQUEST_HEADERS = b"access-control-request-headers"
_ALWAYS_ALLOWED = frozenset({"accept", "accept-language", "content-language"})

Headers = list[tuple[bytes, bytes]]


class CorsHeaders:
    """Allow pages of the configured origins to read responses.

    `without_credentials` are path prefixes that never allow browser credentials: public metadata,
    and endpoints that authenticate callers by the request itself. What begins with one of `never`
    is for navigation, and no other origin's page may read it.
    """

    def __init__(
        self,
        app: ASGIApp,
        live: LiveConfig[Any],
        *,
        without_credentials: Iterable[str],
        never: Iterable[str] = (),
    ) -> None:
        self._app, self._live, self._never = app, live, tuple(never)
        self._without_credentials = tuple(without_credentials)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Add the headers to the response if CORS is on."""
        cors: CorsSettings = self._live.settings.server.cors
        if (
            cors.allowed_origins
            and scope["type"] == "http"
            and not scope["path"].startswith(self._never)
        ):
            credentials = cors.allow_credentials and not scope["path"].startswith(
                self._without_credentials
            )
            headers = _headers(cors, _only(scope, b"origin"), credentials=credentials)
            send = _Adding(headers, send).send
        return self._app(scope, receive, send)


class Preflights:
    """Respond to preflight requests with the allowed methods and headers, or 403."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass on other requests, and all requests while CORS is off."""
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            cors: CorsSettings = scope["state"]["settings"].server.cors
            method = _only(scope, _REQUEST_METHOD)
            if cors.allowed_origins and method is not None:
                _refuse(cors, scope, method)
                return Response(status_code=204, headers=_preflight(cors))(scope, receive, send)
        return self._app(scope, receive, send)


class _Adding:
    __slots__ = ("_headers", "_send")

    def __init__(self, headers: Headers, send: Send) -> None:
        self._headers, self._send = headers, send

    def send(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *self._headers]}
        return self._send(message)


def _headers(cors: CorsSettings, origin: str | None, *, credentials: bool) -> Headers:
    is_for_all = ANY_ORIGIN in cors.allowed_origins
    added = [] if is_for_all else [(b"vary", b"Origin")]
    if origin is None or not cors.allows(origin):
        return added
    allowed = ANY_ORIGIN if is_for_all else origin
    added.append((b"access-control-allow-origin", allowed.encode("latin-1")))
    if credentials:
        added.append((b"access-control-allow-credentials", b"true"))
    if cors.exposed_headers:
        exposed = ", ".join(cors.exposed_headers).encode("ascii")
        added.append((b"access-control-expose-headers", exposed))
    return added


def _preflight(cors: CorsSettings) -> dict[str, str]:
    return {
        "Access-Control-Allow-Methods": ", ".join(cors.allowed_methods),
        "Access-Control-Allow-Headers": ", ".join(cors.allowed_headers),
        "Access-Control-Max-Age": str(int(cors.max_age)),
        "Vary": "Access-Control-Request-Method, Access-Control-Request-Headers",
    }


def _refuse(cors: CorsSettings, scope: Scope, method: str) -> None:
    """Raise `AccessDenied` if the announced request is not allowed."""
    if not cors.allows(_only(scope, b"origin")):
        raise AccessDenied("The origin is not in server.cors.allowed-origins")
    if method not in cors.allowed_methods:
        raise AccessDenied("The method is not in server.cors.allowed-methods")
    if _names(scope) - _ALWAYS_ALLOWED - set(cors.allowed_headers):
        raise AccessDenied("A header is not in server.cors.allowed-headers")


def _names(scope: Scope) -> set[str]:
    text = ",".join(_values(scope, _REQUEST_HEADERS))
    return {name.strip().lower() for name in text.split(",")} - {""}


def _only(scope: Scope, name: bytes) -> str | None:
    """Return the value of a header that occurs once."""
    values = _values(scope, name)
    return values[0] if len(values) == 1 else None


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]
