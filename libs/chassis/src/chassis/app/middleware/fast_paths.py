"""Paths that bypass FastAPI and the security filter."""

from collections.abc import Awaitable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send


class FastPaths:
    """Dispatch exact paths to ASGI applications; a trailing slash includes subpaths."""

    def __init__(self, app: ASGIApp, *, paths: Mapping[str, ASGIApp]) -> None:
        self._app, self._paths = app, dict(paths)
        self._folders = tuple(path for path in paths if path.endswith("/"))

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Dispatch by path."""
        if scope["type"] == "http":
            path = self._find(scope["path"])
            if path is not None:
                scope["route"] = path
                return self._paths[path](scope, receive, send)
        return self._app(scope, receive, send)

    def _find(self, path: str) -> str | None:
        if path in self._paths:
            return path
        return next((folder for folder in self._folders if path.startswith(folder)), None)
