"""A probe sends exactly one request, whatever its manifest contains."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

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


@asynccontextmanager
async def _server(*pieces: bytes, stays_open: bool = False) -> AsyncIterator[tuple[int, bytearray]]:
    """Serve one probe with these pieces; yield the port, and what is received until its end."""
    received, done, closed = bytearray(), asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):  # the probe has ended
            received.extend(await reader.readuntil(b"\r\n\r\n"))
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if stays_open:
                await done.wait()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        closed.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        try:
            yield server.sockets[0].getsockname()[1], received
        finally:
            done.set()
            await closed.wait()


async def _sent(request: dict[str, object]) -> bytes:
    """Return the head that a server receives."""
    async with _server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (port, received):
        await perform({"httpGet": {"port": "http", **request}}, Target(port), 5)
    return bytes(received)


async def _outcome(*pieces: bytes, stays_open: bool = False) -> str:
    """Probe a server that sends these pieces; return the reason of a failure, else nothing."""
    async with _server(*pieces, stays_open=stays_open) as (port, _):
        try:
            await perform({"httpGet": {"port": "http"}}, Target(port), 60)
        except ActionFailedError as error:
            return str(error)
    return ""


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


async def test_a_response_in_pieces_counts_as_one() -> None:
    assert await _outcome(b"HTTP/1.1 2", b"04 No", b" Content\r\n", b"\r\n") == ""


async def test_a_bad_status_is_known_before_the_response_ends() -> None:
    assert await _outcome(b"HTTP/1.1 503 X\r\n", stays_open=True) == "HTTP status 503"


@pytest.mark.parametrize("pieces", [(), (b"SSH-2.0-x\r\n",), (b"x" * 100_000,)])
async def test_what_is_no_http_response_is_a_failure(pieces: tuple[bytes, ...]) -> None:
    assert await _outcome(*pieces) == "invalid HTTP response"


async def test_a_response_that_does_not_end_is_read_up_to_a_bound() -> None:
    assert await _outcome(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 100_000, stays_open=True) == ""
