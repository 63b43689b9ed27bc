"""HEAD wherever GET is served: the same headers, no body (RFC 9110, 9.3.2)."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadRequests:
    """Serve HEAD as GET and leave the body out; FastAPI's routes take the one or the other."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass on; a HEAD as the GET it stands for."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            return self._head(scope, receive, send)
        return self._app(scope, receive, send)

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The server goes by its own scope, in which the method stays HEAD.
        inner = {**scope, "method": "GET"}
        try:
            await self._app(inner, receive, _Bodiless(send).send)
        finally:
            # Metrics and logs ask for the route that took the request.
            if "route" in inner:
                scope["route"] = inner["route"]


class _Bodiless:
    """Sends all but the bytes of the body."""

    __slots__ = ("_send",)

    def __init__(self, send: Send) -> None:
        self._send = send

    def send(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        return self._send(message)
