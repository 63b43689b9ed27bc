"""One address for the debugger of whichever pod runs now, so that a reload keeps it attachable.

The Debug Adapter Protocol frames JSON by `Content-Length`. When a process ends, its adapter says
`terminated`; a client that reads `restart` there attaches again, to the pod that replaced it.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable

from suitectl.errors import CommandFailedError

HOST = "127.0.0.1"
_CHUNK = 64 * 1024
LARGEST = 64 * 1024 * 1024
"""Bytes of a message of the debugger; a longer one ends the connection."""

Address = tuple[str, int]
Find = Callable[[], Awaitable[Address]]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Forward:
    """Forwards each connection to the debugger that `find` returns, which may wait for it."""

    def __init__(self, find: Find, report: Callable[[str], None]) -> None:
        self._find, self._report = find, report
        self._connections: set[asyncio.Task[None]] = set()
        self.restarts = True
        """Whether a process that ends is replaced by another."""

    @contextlib.asynccontextmanager
    async def listening(self, port: int) -> AsyncIterator[None]:
        """Accept connections during the block; raise `CommandFailedError` for a port in use."""
        try:
            server = await asyncio.start_server(self._accept, HOST, port)
        except OSError as error:
            reason = f"{HOST}:{port}: {error.strerror}; name another port: PORT={port + 1}"
            raise CommandFailedError(reason) from None
        try:
            yield
        finally:
            server.close()
            for task in self._connections:
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a callback of a server is a task
        self._connections.add(task)
        try:
            with contextlib.suppress(asyncio.CancelledError):  # the end of `listening`
                await self._serve((reader, writer))
        finally:
            self._connections.discard(task)
            writer.close()

    async def _serve(self, client: Streams) -> None:
        try:
            debugger = await asyncio.open_connection(*await self._find())
        except (OSError, TimeoutError) as error:
            self._report(f"a debugger came, and no process is ready: {error}")
            return
        self._report("a debugger is attached")
        try:
            await self._relay(client, debugger)
        finally:
            debugger[1].close()
            self._report("the debugger is detached")

    async def _relay(self, client: Streams, debugger: Streams) -> None:
        """Relay until either side closes."""
        ways = [
            asyncio.create_task(_copy(client[0], debugger[1])),
            asyncio.create_task(self._copy_messages(debugger[0], client[1])),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _copy_messages(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, ValueError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split()[0])
                if length > LARGEST:
                    return
                body = await reader.readexactly(length)
                body = with_restart(body) if self.restarts else body
                writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
                await writer.drain()


def with_restart(body: bytes) -> bytes:
    """Return a message in which `terminated` says that another process follows."""
    if b'"terminated"' not in body:
        return body
    message = json.loads(body)
    if message.get("event") == "terminated":
        message["body"] = {**(message.get("body") or {}), "restart": True}
    return json.dumps(message).encode()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
