"""A path that a reader could take for another one is refused before anything reads it."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.errors import InvalidRequest
from chassis.security.paths import is_sound


class PathCheck:
    """Answer 400 for a decoded path with a control character, or one that was no UTF-8."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass on a request whose path is sound."""
        if scope["type"] == "http" and not is_sound(scope["path"]):
            raise InvalidRequest("The path has a control character, or is no UTF-8")
        return self._app(scope, receive, send)
