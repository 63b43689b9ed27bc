"""A request's path: well-formed, and below `server.servlet.context-path` if set."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.errors import InvalidRequest, NotFound
from chassis.security.paths import is_sound

WELL_KNOWN = "/.well-known/"


class ContextPath:
    """Remove the prefix: routes and open paths are written without it, as in Spring.

    Well-known paths have no prefix (RFC 8615, 3).
    """

    def __init__(self, app: ASGIApp, *, prefix: str) -> None:
        self._app, self._prefix = app, "/" + prefix.strip("/")

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass on paths below the prefix; 404 for the rest."""
        if scope["type"] == "http" and not scope["path"].startswith(WELL_KNOWN):
            inner = scope["path"].removeprefix(self._prefix)
            if inner == scope["path"] or inner[:1] not in ("", "/"):
                raise NotFound
            scope["path"] = inner or "/"
            scope["raw_path"] = None
        return self._app(scope, receive, send)


class PathCheck:
    """Respond 400 to a path with control characters or invalid UTF-8."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass on a request with a well-formed path."""
        if scope["type"] == "http" and not is_sound(scope["path"]):
            raise InvalidRequest("The path has a control character or invalid UTF-8")
        return self._app(scope, receive, send)
