"""The least that uvicorn can do: an ASGI callable with a constant response.

Its body is as long as that of check_token.
"""

from starlette.types import Receive, Scope, Send

BODY = b"x" * 250
_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))],
}
_BODY = {"type": "http.response.body", "body": BODY}


async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Respond with the constant."""
    await send(_START)
    await send(_BODY)
