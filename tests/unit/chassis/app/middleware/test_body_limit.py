"""The limit on request bodies, below the HTTP parser."""

from collections.abc import Iterator

import pytest
from starlette.types import Message, Receive, Scope, Send

from chassis.app.middleware.body_limit import BodyLimit
from chassis.errors import PayloadTooLarge

pytestmark = pytest.mark.anyio

CHUNKED = [(b"transfer-encoding", b"chunked")]


class Reader:
    """An application that reads its whole body."""

    def __init__(self) -> None:
        self.body: bytes | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, send
        self.body, more = b"", True
        while more:
            message = await receive()
            self.body += message["body"]
            more = message["more_body"]


async def passed(headers: list[tuple[bytes, bytes]], messages: list[Message]) -> bytes | None:
    reader = Reader()
    waiting: Iterator[Message] = iter(messages)

    async def receive() -> Message:
        return next(waiting)

    async def send(_: Message) -> None:
        raise AssertionError("no response is expected")

    await BodyLimit(reader, limit=10)({"type": "http", "headers": headers}, receive, send)
    return reader.body


def part(body: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_a_stream_within_the_limit_is_read_completely() -> None:
    assert await passed(CHUNKED, [part(b"12345", more=True), part(b"67890", more=False)]) == (
        b"1234567890"
    )


async def test_a_stream_is_refused_as_soon_as_it_exceeds_the_limit() -> None:
    """The second part is never received, so memory stays bounded."""
    with pytest.raises(PayloadTooLarge):
        await passed(CHUNKED, [part(b"12345678901", more=True)])


async def test_a_declared_length_over_the_limit_is_refused_without_reading_the_body() -> None:
    with pytest.raises(PayloadTooLarge):
        await passed([(b"content-length", b"11")], [])
