"""A bound on request bodies: 413 by the declared length, or as soon as a stream exceeds it."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.errors import PayloadTooLarge
from chassis.http_server.framing import length


class BodyLimit:
    """Refuse bodies of more than `limit` bytes; uvicorn has no bound of its own.

    A body of declared length is held to it by the HTTP parser. One without (chunked) is counted
    as the application reads it: nothing is read for a request that its head alone refuses.
    """

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self._app, self._limit = app, limit

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass on a request whose body is within the limit."""
        if scope["type"] == "http":
            for name, value in scope["headers"]:
                if name == b"content-length":
                    self._check_declared(value)
                elif name == b"transfer-encoding":
                    receive = _Counted(receive, self._limit).receive
        return self._app(scope, receive, send)

    def _check_declared(self, value: bytes) -> None:
        if length(value) > self._limit:
            raise PayloadTooLarge


class _Counted:
    """Hands a body on up to the limit, then raises `PayloadTooLarge`."""

    __slots__ = ("_left", "_receive")

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self._left = receive, limit

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise PayloadTooLarge
        return message
