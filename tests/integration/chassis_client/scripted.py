"""Real servers on loopback that respond by a test's script for each connection and request."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from chassis.discovery import Address

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def http_response(status: int, body: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Request:
    """One received request, with the number of its connection and its number there (from 0)."""

    connection: int
    number: int
    head: str
    body: bytes
    peer: str


Output = bytes | None
"""The bytes to send, or None to reset the connection."""

Script = Callable[[Request], Awaitable[Output] | Output]


@dataclass
class Scripted:
    """A server, its address, and the requests it received."""

    script: Script
    address: Address = field(init=False)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection, number = self.connections, 0
        self.connections += 1
        self.writers.add(writer)
        try:
            while await self._one(reader, writer, connection, number):
                number += 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.writers.discard(writer)
            writer.transport.abort()
            self.closed.set()

    async def _one(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        connection: int,
        number: int,
    ) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        body = await reader.readexactly(_length(head))
        request = Request(connection, number, head, body, writer.get_extra_info("peername")[0])
        self.requests.append(request)
        self.arrived.set()
        outcome = self.script(request)
        data = outcome if isinstance(outcome, bytes | None) else await outcome
        if data is None:
            return False
        writer.write(data)
        await writer.drain()
        if b"connection: close" in data.lower() or b"content-length" not in data.lower():
            writer.close()
            return False
        return True


def _length(head: str) -> int:
    for line in head.splitlines():
        if line.lower().startswith("content-length:"):
            return int(line.partition(":")[2])
    return 0


@asynccontextmanager
async def scripted(script: Script | bytes) -> AsyncIterator[Scripted]:
    """Serve while the block runs. A script of bytes is the response to every request."""
    server = Scripted((lambda _: script) if isinstance(script, bytes) else script)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=1 << 22)
    server.address = Address(*listener.sockets[0].getsockname()[:2])
    async with listener:
        yield server
        for writer in list(server.writers):
            writer.transport.abort()
    while server.writers:
        server.closed.clear()
        await server.closed.wait()


@contextmanager
def silent() -> Iterator[Address]:
    """Provide an address that accepts no connection, because its backlog is full."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - the socket module's own
            waiting.connect_ex(listener.getsockname())
        yield Address(*listener.getsockname())
