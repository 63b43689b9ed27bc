"""The control socket: a line of JSON asks, a line of JSON answers."""

import asyncio
import json
import os
import sys
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from localkube.errors import LocalkubeError

LIMIT_BYTES = 16 * 1024 * 1024
"""The longest request."""

Handler = Callable[..., Awaitable[Any]]


class Control:
    """Serves operations by name; only the owner of the state directory can connect."""

    def __init__(self, operations: dict[str, Handler]) -> None:
        self._operations = operations
        self._server: asyncio.Server | None = None

    async def start(self, path: str) -> None:
        """Listen at a path; what is left of an earlier run goes."""
        with suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108  # relative on purpose: socket paths have a limit
        mask = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._serve, path, limit=LIMIT_BYTES)
        finally:
            os.umask(mask)

    def close(self) -> None:
        """Take no new requests."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            try:
                line = await reader.readline()
                if line:
                    writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                    await writer.drain()
            finally:
                writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            request = json.loads(line)
            operation = self._operations[request.pop("operation")]
            return {"result": await operation(**request)}
        except LocalkubeError as error:
            return {"error": str(error), "exit_code": error.exit_code}
        except Exception as error:  # noqa: BLE001  # one bad request must not end the suite
            traceback.print_exc(file=sys.stderr)
            return {"error": f"localkube failed: {error!r}; see localkube.log", "exit_code": 1}
