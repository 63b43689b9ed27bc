"""Paths answered before FastAPI and the security filter see the request."""

from collections.abc import Awaitable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send


class FastPaths:
    """Hand exact paths to plain ASGI callables; the rest goes on."""

    def __init__(self, app: ASGIApp, *, paths: Mapping[str, ASGIApp]) -> None:
        self._app, self._paths = app, dict(paths)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Dispatch by path."""
        if scope["type"] == "http":
            fast = self._paths.get(scope["path"])
            if fast is not None:
                scope["route"] = scope["path"]
                return fast(scope, receive, send)
        return self._app(scope, receive, send)
