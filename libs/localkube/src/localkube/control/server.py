"""The server of the control socket: each request is a line of JSON, and each response is one.

The response to a stream, such as a watch, is a line for each of its items, as long as the client
stays; an error is its last line.
"""

import asyncio
import json
import os
import sys
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import aclosing, suppress
from typing import Any

from localkube.control.state_directory import LONGEST_REQUEST, SOCKET, TOO_LONG
from localkube.errors import LocalkubeError

STALLED_S = 60.0
"""Seconds in which the reader of a stream takes nothing, before it is dropped."""
LAST_RESPONSES_S = 1.0
STALLED = "the reader took nothing for {:g} s"

Streams = Mapping[str, Callable[..., AsyncGenerator[Any, None]]]


class ControlServer:
    """Serves operations by name; only the owner of the state directory can connect."""

    def __init__(
        self, operations: Mapping[str, Callable[..., Awaitable[Any]]], streams: Streams
    ) -> None:
        self._operations, self._streams = operations, streams
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> asyncio.Server:
        """Listen in the current directory, which is the state directory."""
        mask = os.umask(0o177)
        try:
            return await asyncio.start_unix_server(self._serve, SOCKET, limit=LONGEST_REQUEST)
        finally:
            os.umask(mask)

    async def finish(self) -> None:
        """Wait a moment for the last responses to be sent."""
        if self._connections:
            await asyncio.wait(self._connections, timeout=LAST_RESPONSES_S)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = asyncio.current_task()
        assert connection is not None  # noqa: S101  # for the type checker
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)
        with suppress(OSError, ValueError, asyncio.CancelledError):
            try:
                if (line := await _line(reader)) != b"":
                    await self._respond(line, reader, writer)
            finally:
                writer.close()

    async def _respond(
        self, line: bytes | None, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            request = _request(line)
            operation = request.pop("operation")
            if operation in self._streams:
                await _while_connected(reader, _send(writer, self._streams[operation](**request)))
                return
            response = {"result": await self._operations[operation](**request)}
        except LocalkubeError as error:
            response = {"error": str(error), "exit_code": error.exit_code}
        except Exception as error:  # noqa: BLE001  # one failed request must not end the engine
            traceback.print_exc(file=sys.stderr)
            response = {"error": f"localkube failed: {error!r}; see localkube.log", "exit_code": 1}
        writer.write(json.dumps(response).encode() + b"\n")
        await writer.drain()


async def _while_connected(
    reader: asyncio.StreamReader, sending: Coroutine[Any, Any, None]
) -> None:
    """Send until the client closes its connection, on which it sends nothing more."""
    task, gone = asyncio.create_task(sending), asyncio.create_task(reader.read(1))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
    finally:
        task.cancel()
        gone.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _send(writer: asyncio.StreamWriter, items: AsyncGenerator[Any, None]) -> None:
    """Send the items; raise `LocalkubeError` where the reader takes none for a while."""
    async with aclosing(items):
        async for item in items:
            writer.write(json.dumps({"result": item}).encode() + b"\n")
            try:
                async with asyncio.timeout(STALLED_S):
                    await writer.drain()
            except TimeoutError:
                raise LocalkubeError(STALLED.format(STALLED_S)) from None


def _request(line: bytes | None) -> Any:
    if line is None:
        raise LocalkubeError(TOO_LONG)
    return json.loads(line)


async def _line(reader: asyncio.StreamReader) -> bytes | None:
    """Return a request's line, None where it is too long."""
    try:
        return await reader.readline()
    except ValueError:
        return None
