"""Successful responses of the OAuth endpoints: JSON that is never cached (RFC 6749, 5.1)."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response
from starlette.types import Scope, Send

from chassis.errors import MethodNotAllowed

_HEADERS = {
    "content-type": "application/json;charset=UTF-8",
    "cache-control": "no-store",
    "pragma": "no-cache",
}
RAW_HEADERS = tuple((name.encode(), value.encode()) for name, value in _HEADERS.items())
"""The same for ASGI and the protocol."""


async def send_body(send: Send, body: bytes) -> None:
    """Send a JSON body."""
    headers = [*RAW_HEADERS, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_json(send: Send, fields: Mapping[str, Any]) -> None:
    """Send fields as JSON."""
    await send_body(send, json_body(fields))


def json_body(fields: Mapping[str, Any]) -> bytes:
    """Return the body of a JSON response."""
    return json.dumps(fields).encode()


def json_response(fields: Mapping[str, Any]) -> Response:
    """Return fields as the response of a route."""
    return Response(json.dumps(fields), headers=_HEADERS)


def only_post(scope: Scope) -> None:
    """Raise `MethodNotAllowed` for anything but POST."""
    if scope["method"] != "POST":
        raise MethodNotAllowed("Send a POST", headers={"Allow": "POST"})
