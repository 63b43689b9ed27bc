"""HEAD for every GET route: the same headers, no body (RFC 9110, 9.3.2)."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadRequests:
    """Serve HEAD as GET without a body; FastAPI's routes support only GET."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Convert a HEAD to a GET."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            return self._head(scope, receive, send)
        return self._app(scope, receive, send)

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The server uses its own scope, in which the method stays HEAD.
        inner = {**scope, "method": "GET"}
        try:
            await self._app(inner, receive, _Bodiless(send).send)
        finally:
            # Metrics and logs need the matched route.
            if "route" in inner:
                scope["route"] = inner["route"]


class _Bodiless:
    """Send a response without its body."""

    __slots__ = ("_send",)

    def __init__(self, send: Send) -> None:
        self._send = send

    def send(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        return self._send(message)
