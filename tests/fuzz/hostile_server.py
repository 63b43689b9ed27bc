"""A real server on loopback that sends a round's prepared bytes in pieces, and a model of them."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

VALID = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nproper"
MARK = b"x-mark"
"""The header that the model has only in the head of a final response."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The bytes to send and, if the model knows it, the body that a client must read."""

    data: bytes
    body: bytes | None
    reusable: bool = False


@dataclass
class HostileServer:
    """Sends `prepared` for its own path, and a valid response for others."""

    prepared: Prepared = Prepared(VALID, b"proper")
    cuts: tuple[int, ...] = ()
    port: int = 0
    connections: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while b"/hostile" not in await reader.readuntil(b"\r\n\r\n"):
                writer.write(VALID)
            await self._send(writer)
            while b"/hostile" not in await reader.readuntil(b"\r\n\r\n"):
                writer.write(VALID)
        except (asyncio.IncompleteReadError, OSError):  # the client disconnected
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        data, begin = self.prepared.data, 0
        for cut in (*self.cuts, len(data)):
            writer.write(data[begin:cut])
            await writer.drain()
            await asyncio.sleep(0)
            begin = cut
        if not self.prepared.reusable:
            writer.write_eof()


@asynccontextmanager
async def hostile_server() -> AsyncIterator[HostileServer]:
    server = HostileServer()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    async with listener:
        yield server
        for writer in list(server._writers):
            writer.transport.abort()


def prepare(rng: random.Random) -> Prepared:
    """Prepare a valid response with a known body, or a mangled one."""
    prepared = _sound(rng)
    if rng.random() < 0.5:
        return prepared
    data = bytearray(prepared.data)
    for _ in range(rng.randint(1, 4)):
        _mangle(rng, data)
    return Prepared(bytes(data), None)


def _sound(rng: random.Random) -> Prepared:
    body = rng.choice((b"", b"ok", b"\r\n\r\n", b"0\r\n\r\n", rng.randbytes(rng.randint(0, 300))))
    interim = b"HTTP/1.1 103 Early Hints\r\nx-evil: 1\r\n\r\n" * rng.choice((0, 0, 0, 1, 3))
    behind = rng.choice(_BEHIND) if rng.random() < 0.4 else b""
    framing = rng.choice((_with_length, _in_chunks))
    data = interim + framing(rng, body)
    # A lone interim head after it may start any response, so the connection is closed.
    return Prepared(data + behind, body, reusable=not behind)


def _with_length(rng: random.Random, body: bytes) -> bytes:
    name = rng.choice((b"Content-Length", b"content-length", b"CONTENT-LENGTH"))
    return b"HTTP/1.1 200 OK\r\n%b: yes\r\n%b: %d\r\n\r\n%b" % (MARK, name, len(body), body)


def _in_chunks(rng: random.Random, body: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\n%b: yes\r\nTransfer-Encoding: chunked\r\n\r\n" % MARK
    pieces, rest = [], body
    while rest:
        size = rng.randint(1, len(rest))
        extension = rng.choice((b"", b"", b";a=b"))
        pieces.append(b"%x%b\r\n%b\r\n" % (size, extension, rest[:size]))
        rest = rest[size:]
    trailer = rng.choice((b"", b"", b"x-evil: 1\r\n", b"x-evil: 1\r\nset-cookie: a=b\r\n"))
    return head + b"".join(pieces) + b"0\r\n" + trailer + b"\r\n"


_BEHIND = (
    b"\r\n",
    b"\n",
    b"x",
    b"x-evil: 1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nx-evil: 1\r\nContent-Length: 4\r\n\r\nevil",
    b"HTTP/1.1 200 OK\r\nx-evil: 1\r\n",
    b"HTTP/1.1 100 Continue\r\nx-evil: 1\r\n\r\n",
)
_PARTS = (
    *_BEHIND,
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Length: 3\r\n",
    b"Content-Length: -1\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    b"HTTP/1.0 200\r\n",
    b"0\r\ncontent-length: 5\r\n\r\n",
    b" folded\r\n",
    b"\x00",
    b"ffffffffffffffff\r\n",
    b"Connection: close\r\n",
)


def _mangle(rng: random.Random, data: bytearray) -> None:
    at = rng.randint(0, len(data))
    match rng.randrange(4):
        case 0:
            data[at:at] = rng.choice(_PARTS)
        case 1:
            del data[at : at + rng.randint(1, 20)]
        case 2:
            data[at : at + 1] = rng.randbytes(1)
        case _:
            line = data.find(b"\r\n", at) + 2
            data[line:line] = rng.choice(_PARTS)
