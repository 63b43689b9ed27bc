"""The server of the control socket: each request and response is a line of JSON."""

import asyncio
import json
import os
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from localkube.control.state_directory import LONGEST_REQUEST, SOCKET, TOO_LONG
from localkube.errors import LocalkubeError


class ControlServer:
    """Serves operations by name; only the owner of the state directory can connect."""

    def __init__(self, operations: Mapping[str, Callable[..., Awaitable[Any]]]) -> None:
        self._operations = operations

    async def start(self) -> asyncio.Server:
        """Listen in the current directory, which is the state directory."""
        mask = os.umask(0o177)
        try:
            return await asyncio.start_unix_server(self._serve, SOCKET, limit=LONGEST_REQUEST)
        finally:
            os.umask(mask)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ValueError, asyncio.CancelledError):
            try:
                if (line := await _line(reader)) != b"":
                    writer.write(json.dumps(await self._respond(line)).encode() + b"\n")
                    await writer.drain()
            finally:
                writer.close()

    async def _respond(self, line: bytes | None) -> dict[str, Any]:
        if line is None:
            return {"error": TOO_LONG, "exit_code": 1}
        try:
            request = json.loads(line)
            return {"result": await self._operations[request.pop("operation")](**request)}
        except LocalkubeError as error:
            return {"error": str(error), "exit_code": error.exit_code}
        except Exception as error:  # noqa: BLE001  # one failed request must not end the engine
            traceback.print_exc(file=sys.stderr)
            return {"error": f"localkube failed: {error!r}; see localkube.log", "exit_code": 1}


async def _line(reader: asyncio.StreamReader) -> bytes | None:
    """Return a request's line, None where it is too long."""
    try:
        return await reader.readline()
    except ValueError:
        return None
