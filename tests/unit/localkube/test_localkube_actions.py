"""A probe sends exactly one request, whatever its manifest contains."""

import asyncio
from contextlib import suppress

import pytest

from localkube.engine.pods.actions import ActionFailedError, perform

pytestmark = pytest.mark.anyio


class Target:
    def __init__(self, port: int) -> None:
        self.port = port

    def address(self, port: int | str) -> tuple[str, int]:
        assert port == "http"
        return "127.0.0.1", self.port

    async def execute(self, command: list[str], seconds: float) -> int | None:
        raise NotImplementedError


async def _sent(request: dict[str, object]) -> bytes:
    """Return the head that a server receives."""
    received: asyncio.Queue[bytes] = asyncio.Queue()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError):
            received.put_nowait(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        target = Target(server.sockets[0].getsockname()[1])
        await perform({"httpGet": {"port": "http", **request}}, target, 5)
        return received.get_nowait()


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("", "/"),
        ("/a b", "/a%20b"),
        ("/x\r\nY: z", "/x%0D%0AY:%20z"),
        ("/a%20b?c=d&e", "/a%20b?c=d&e"),
    ],
)
async def test_a_path_is_quoted(path: str, sent: str) -> None:
    head = await _sent({"path": path})

    assert head.startswith(f"GET {sent} HTTP/1.1\r\n".encode())


async def test_a_header_with_a_line_end_is_refused() -> None:
    with pytest.raises(ActionFailedError, match="invalid header field value"):
        await _sent({"httpHeaders": [{"name": "X", "value": "a\r\nY: b"}]})
