"""JSON bodies are strict, for every endpoint alike (RFC 8259)."""

from collections.abc import Awaitable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.errors import InvalidRequest
from chassis.strict_json import strict_json


class JsonBodies:
    """Refuse a JSON body that could not be encoded again, once it is whole."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass on; a handler that reads a bad body gets `InvalidRequest`."""
        if scope["type"] == "http":
            for name, value in scope["headers"]:
                if name == b"content-type" and _is_json(value):
                    return self._app(scope, _Checked(receive).receive, send)
        return self._app(scope, receive, send)


def _is_json(content_type: bytes) -> bool:
    """Tell whether FastAPI takes a body of this type for JSON."""
    media_type = content_type.decode("latin-1").partition(";")[0].strip().lower()
    kind, _, subtype = media_type.partition("/")
    return kind == "application" and (subtype == "json" or subtype.endswith("+json"))


class _Checked:
    """Reads a body along with its reader, and judges it at its end."""

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
        raise InvalidRequest(f"The JSON body can't be used: {error}") from None
