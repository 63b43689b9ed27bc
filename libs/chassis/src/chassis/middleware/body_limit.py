"""A bound on request bodies: 413 by the declared length, or as soon as a stream exceeds it."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.errors import PayloadTooLarge


class BodyLimit:
    """Refuse bodies of more than `limit` bytes; uvicorn has no bound of its own."""

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self._app, self._limit = app, limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its stream counted where its length is not declared."""
        if scope["type"] == "http":
            receive = self._bounded(scope, receive)
        await self._app(scope, receive, send)

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        for name, value in scope["headers"]:
            if name == b"content-length":
                # The parser holds the body to this length.
                if not value.isdigit() or int(value) > self._limit:
                    raise PayloadTooLarge
            elif name == b"transfer-encoding":
                return _Counted(receive, self._limit).receive
        return receive


class _Counted:
    __slots__ = ("_left", "_receive")

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self._left = receive, limit

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise PayloadTooLarge
        return message
