"""How the OAuth endpoints answer: plain ASGI, never cached."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.types import Scope, Send

from cas_server.errors import MethodNotAllowed

_TYPE = (b"content-type", b"application/json;charset=UTF-8")
_NO_STORE = (b"cache-control", b"no-store")
_NO_CACHE = (b"pragma", b"no-cache")


async def answer(send: Send, body: bytes) -> None:
    """Send a JSON body that nobody may cache (RFC 6749, 5.1)."""
    headers = [_TYPE, _NO_STORE, _NO_CACHE, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def answer_json(send: Send, fields: Mapping[str, Any]) -> None:
    """Send fields as JSON."""
    await answer(send, json.dumps(fields).encode())


def only_post(scope: Scope) -> None:
    """Raise `MethodNotAllowed` for anything but POST."""
    if scope["method"] != "POST":
        raise MethodNotAllowed("Send a POST", headers={"Allow": "POST"})
