"""Waits on loopback for a browser that comes back with a code (RFC 8252, 7.3)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_LONGEST_HEAD = 16 * 1024
_PAGE = (
    b"<!doctype html><title>Logged in</title><p>You can close this page: go back to the terminal."
)
_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nCache-Control: no-store\r\n"
    b"Referrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
)


class Listener:
    """An address for one response; `arrived` has the path with its query."""

    def __init__(self) -> None:
        self.redirect_uri = ""
        self.arrived: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take the path of a request for the callback, and say that all is well."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            writer.close()
            return
        path = head.decode("latin-1").split(" ")[1:2]
        if path and path[0].startswith("/callback?") and not self.arrived.done():
            self.arrived.set_result(path[0])
        writer.write(_HEAD + _PAGE)
        writer.close()


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    """Listen on a free port of 127.0.0.1 during the block."""
    listener = Listener()
    server = await asyncio.start_server(listener.respond, "127.0.0.1", 0, limit=_LONGEST_HEAD)
    async with server:
        port = server.sockets[0].getsockname()[1]
        listener.redirect_uri = f"http://127.0.0.1:{port}/callback"
        yield listener
