"""A path operation without path parameters: its path is compared, not matched by an expression."""

from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Receive, Scope, Send


class ExactRoute(APIRoute):
    """Serve one exact path."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether the route has the path, and the method as well."""
        if scope.get("root_path"):
            return super().matches(scope)  # the application is mounted below another one
        if scope["path"] != self.path or scope["type"] != "http":
            return Match.NONE, {}
        child_scope = {"endpoint": self.endpoint, "path_params": {}, "route": self}
        has_method = scope["method"] in (self.methods or ())
        return (Match.FULL if has_method else Match.PARTIAL), child_scope

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request that matches; 405 for another method."""
        if scope["method"] in (self.methods or ()):
            await self.app(scope, receive, send)
        else:
            await super().handle(scope, receive, send)
