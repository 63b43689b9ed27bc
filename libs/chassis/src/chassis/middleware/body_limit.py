"""A bound on request bodies: 413 by the declared length, or as soon as a stream exceeds it."""

from collections.abc import Awaitable

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.errors import PayloadTooLarge


class BodyLimit:
    """Refuse bodies of more than `limit` bytes; uvicorn has no bound of its own.

    A body of declared length is held to it by the HTTP parser. One without (chunked) is read
    whole before the application sees the request, so that no answer has begun when it proves
    too large.
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
                    return self._bounded(scope, receive, send)
        return self._app(scope, receive, send)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await self._read(receive)
        await self._app(scope, _Replayed(body, receive).receive, send)

    def _check_declared(self, value: bytes) -> None:
        if not value.isdigit() or int(value) > self._limit:
            raise PayloadTooLarge

    async def _read(self, receive: Receive) -> bytes:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            body += message.get("body", b"")
            if len(body) > self._limit:
                raise PayloadTooLarge
            if not message.get("more_body"):
                return bytes(body)


class _Replayed:
    """Hands out a body that was read already, then what the server says."""

    __slots__ = ("_body", "_receive")

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def receive(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}
