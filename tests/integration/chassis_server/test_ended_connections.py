"""A closed connection frees its memory without the garbage collector."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.config.sections import ServerSettings
from chassis.http_server.connection_policy import ByteBudget
from chassis.http_server.http_protocol import BoundedProtocol
from chassis.http_server.web_server import WebServer
from eventually import PATIENCE_S
from suitectl.waiting import until

pytestmark = pytest.mark.anyio
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
UPGRADE = POST + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\n"
CONNECTIONS = {
    "nothing sent": b"",
    "half a head": REQUEST[:20],
    "one request": REQUEST,
    "three pipelined": 3 * REQUEST,
    "half a body": POST + b"Content-Length: 9\r\n\r\nhalf",
    "a body after an offered upgrade": UPGRADE + b"ab",
    "no HTTP": b"\x16\x03\x01\r\n\r\n",
    "CONNECT": b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
    "the last one by its own word": b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
}


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body and respond, unless the client has disconnected."""
    assert scope["type"] == "http"
    while (message := await receive()).get("more_body"):
        pass
    if message["type"] == "http.request":
        await respond(send)


async def respond(send: Send) -> None:
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[tuple[WebServer, int]]:
    server = WebServer(app, ServerSettings(), budget=ByteBudget(1 << 20))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with server.running(listener):
            yield server, listener.getsockname()[1]


@pytest.fixture
async def server() -> AsyncIterator[tuple[WebServer, int]]:
    async with serving(application) as running:
        yield running


async def all_end(web: WebServer) -> None:
    async def ended() -> bool:
        return not (web.server_state.connections or web.server_state.tasks)

    await until(ended, what="all connections to end", seconds=PATIENCE_S, every=0.001)


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("sent", CONNECTIONS.values(), ids=CONNECTIONS)
async def test_a_closed_connection_leaves_no_reference_cycle(
    server: tuple[WebServer, int], sent: bytes
) -> None:
    """Cycles would wait for the rare garbage collection: ten MiB of closed connections."""
    web, port = server
    for _ in range(3):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        writer.write_eof()
        await reader.read()
        writer.close()
        await writer.wait_closed()

    await all_end(web)
    assert [one for one in gc.get_objects() if isinstance(one, BoundedProtocol)] == []


UNREAD = {
    "garbage behind a request": REQUEST + b"\x16\x03\x01\r\n\r\n",
    "an unread body": POST + b"Content-Length: 100000\r\n\r\n" + 90_000 * b"x",
}


@pytest.mark.parametrize("sent", UNREAD.values(), ids=UNREAD)
async def test_a_connection_whose_peer_left_unnoticed_is_closed(sent: bytes) -> None:
    """Reading was paused, so the server notices the disconnect only when it closes itself."""
    arrived, gone = asyncio.Event(), asyncio.Event()

    async def late(_: Scope, __: Receive, send: Send) -> None:
        arrived.set()
        await gone.wait()
        await respond(send)

    async with serving(late) as (web, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        await writer.drain()
        await arrived.wait()
        web.close_after_responses()
        writer.transport.abort()
        gone.set()
        await all_end(web)
