"""Strict JSON bodies for every endpoint (RFC 8259)."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.errors import InvalidRequest
from chassis.strict_json import strict_json


class JsonBodies:
    """Reject a complete JSON body that could not be encoded again."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Validate a JSON body; reading an invalid one raises `InvalidRequest`."""
        if scope["type"] == "http":
            for name, value in scope["headers"]:
                if name == b"content-type" and _is_json(value):
                    return self._app(scope, _Checked(receive).receive, send)
        return self._app(scope, receive, send)


def _is_json(content_type: bytes) -> bool:
    """Return whether FastAPI parses a body of this type as JSON."""
    media_type = content_type.decode("latin-1").partition(";")[0].strip().lower()
    kind, _, subtype = media_type.partition("/")
    return kind == "application" and (subtype == "json" or subtype.endswith("+json"))


class _Checked:
    """Receive a body, and validate it at its end."""

    __slots__ = ("_parts", "_receive")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._parts: list[bytes] = []

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._parts.append(message.get("body", b""))
            if not message.get("more_body"):
                _check(b"".join(self._parts))
        return message


def _check(body: bytes) -> None:
    if not body:
        return
    try:
        strict_json(body)
    except ValueError as error:
        raise InvalidRequest(f"The JSON body is invalid: {error}") from None
