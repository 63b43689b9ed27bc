"""A limit on request bodies: 413 by Content-Length, or once a chunked body exceeds it."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.errors import PayloadTooLarge
from chassis.http_server.framing import length


class BodyLimit:
    """Reject bodies of more than `limit` bytes; uvicorn has no limit.

    The HTTP parser enforces a declared length. A chunked body is counted as the application reads
    it, so that a request rejected by its headers is not read.
    """

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self._app, self._limit = app, limit
        self._small = len(str(limit))
        """A number of fewer digits is below the limit."""

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Check the declared length, or count the chunks."""
        if scope["type"] == "http":
            for name, value in scope["headers"]:
                if name == b"content-length":
                    if len(value) >= self._small:
                        self._check_declared(value)
                elif name == b"transfer-encoding":
                    receive = _Counted(receive, self._limit).receive
        return self._app(scope, receive, send)

    def _check_declared(self, value: bytes) -> None:
        if length(value) > self._limit:
            raise PayloadTooLarge


class _Counted:
    """Receive a body up to the limit, then raise `PayloadTooLarge`."""

    __slots__ = ("_left", "_receive")

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self._left = receive, limit

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise PayloadTooLarge
        return message
