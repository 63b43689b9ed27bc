"""Requests as bytes, and a connection that sends them: what decides which way an endpoint takes."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from integration.cas_server.world import BASIC, Cas

FORM = b"application/x-www-form-urlencoded"
VARYING = (b"date: ", b"traceresponse: ")
"""Lines that differ between two responses to the same request."""


def raw_request(
    target: bytes,
    body: bytes,
    client: str = "order-service",
    *,
    content_type: bytes = FORM,
    more: bytes = b"",
    method: bytes = b"POST",
) -> bytes:
    """Return a request with a client's credentials and `more` lines."""
    basic = b64encode(f"{client}:{BASIC[client]}".encode())
    return (
        b"%b %b HTTP/1.1\r\nHost: cas\r\nAuthorization: Basic %b\r\nContent-Type: %b\r\n"
        b"Content-Length: %d\r\n%b\r\n%b"
    ) % (method, target, basic, content_type, len(body), more, body)


class Connection:
    """A persistent connection to the first replica."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, *pieces: bytes) -> tuple[list[bytes], bytes]:
        """Send a request in pieces; return the lines of the response's head, and its body."""
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()
        return await self.response()

    async def response(self) -> tuple[list[bytes], bytes]:
        """Return the next response."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[:-2]
        length = next(int(line[16:]) for line in head if line.startswith(b"content-length: "))
        return head, await self._reader.readexactly(length)


@asynccontextmanager
async def connected(cas: Cas) -> AsyncIterator[Connection]:
    """Open a connection to the first replica for the block."""
    url = urlsplit(cas.urls[0])
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.close()


async def by_both_ways(
    cas: Cas, target: bytes, body: bytes, client: str, more: bytes = b""
) -> list[tuple[list[bytes], bytes]]:
    """Return the responses at the protocol and by ASGI, without the lines that vary."""
    responses = []
    for way in (target, target + b"?"):
        async with connected(cas) as connection:
            head, received = await connection.ask(raw_request(way, body, client, more=more))
        responses.append(([line for line in head if not line.startswith(VARYING)], received))
        assert sum(line.startswith(VARYING) for line in head) == len(VARYING)
    return responses
