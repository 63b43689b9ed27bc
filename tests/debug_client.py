"""A client of the Debug Adapter Protocol, as an editor is one.

https://microsoft.github.io/debug-adapter-protocol/specification
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from eventually import PATIENCE_S

Message = dict[str, Any]


class DebugClient:
    """One session with a debugger."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        host, port = writer.get_extra_info("peername")
        self._address = {"host": host, "port": port}
        self._sent = 0
        self._unread: list[Message] = []

    async def attach(self, path: Path, lines: list[int]) -> None:
        """Attach to the process, with breakpoints in a file."""
        await self.request("initialize", adapterID="tests", linesStartAt1=True)
        attaching = self._send("attach", {"connect": self._address})
        await self.event("initialized")
        found = await self.request(
            "setBreakpoints",
            source={"path": str(path)},
            breakpoints=[{"line": line} for line in lines],
        )
        assert [point["verified"] for point in found["body"]["breakpoints"]] == [True] * len(lines)
        await self.request("configurationDone")
        assert (await self._until("response", request_seq=attaching))["success"]

    async def stopped(self) -> tuple[int, str, int]:
        """Wait for a breakpoint; return the thread, and the file and line where it stopped."""
        thread = int((await self.event("stopped"))["body"]["threadId"])
        trace = await self.request("stackTrace", threadId=thread)
        top = trace["body"]["stackFrames"][0]
        return thread, str(top["source"]["path"]), int(top["line"])

    async def resume(self, thread: int) -> None:
        await self.request("continue", threadId=thread)

    async def request(self, command: str, **arguments: Any) -> Message:
        """Send a request and return its response."""
        response = await self._until("response", request_seq=self._send(command, arguments))
        assert response["success"], response
        return response

    async def event(self, name: str) -> Message:
        return await self._until("event", event=name)

    def _send(self, command: str, arguments: Message) -> int:
        self._sent += 1
        message = {"seq": self._sent, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self._writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        return self._sent

    async def _until(self, kind: str, **fields: Any) -> Message:
        """Return the next message with these fields; others wait for who asks for them."""
        wanted = {"type": kind, **fields}
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for message in self._unread:
                    if wanted.items() <= message.items():
                        self._unread.remove(message)
                        return message
                self._unread.append(await self._receive())

    async def _receive(self) -> Message:
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.removeprefix(b"Content-Length: ").split(b"\r\n")[0])
        message: Message = json.loads(await self._reader.readexactly(length))
        return message


@asynccontextmanager
async def debugging(port: int) -> AsyncIterator[DebugClient]:
    """Connect to a debugger of this machine."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield DebugClient(reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()
