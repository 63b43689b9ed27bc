"""`server.servlet.context-path`: everything the service serves stands below one prefix."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.errors import NotFound

_WELL_KNOWN = "/.well-known/"


class ContextPath:
    """Take the prefix off, so that routes and open paths are written without it, as in Spring.

    Well-known paths stand at the root of a host whatever the prefix (RFC 8615, 3).
    """

    def __init__(self, app: ASGIApp, *, prefix: str) -> None:
        self._app, self._prefix = app, "/" + prefix.strip("/")

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass on what is below the prefix; 404 for the rest."""
        if scope["type"] == "http" and not scope["path"].startswith(_WELL_KNOWN):
            inner = scope["path"].removeprefix(self._prefix)
            if inner == scope["path"] or inner[:1] not in ("", "/"):
                raise NotFound
            scope["path"] = inner or "/"
            scope["raw_path"] = None
        return self._app(scope, receive, send)
