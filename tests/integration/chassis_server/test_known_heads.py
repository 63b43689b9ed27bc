"""A head that a connection repeats is not parsed again, and nothing else differs."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from chassis.config.sections import ServerSettings
from chassis.http_server.connection_policy import ByteBudget
from chassis.http_server.http_protocol import BoundedProtocol
from chassis.http_server.web_server import WebServer

pytestmark = pytest.mark.anyio
SPAN = "00f067aa0ba902b7"


def traced(trace: str, more: str = "") -> bytes:
    return (
        f"GET /a HTTP/1.1\r\nHost: a\r\nTraceparent: 00-{trace}-{SPAN}-01\r\n{more}\r\n"
    ).encode()


GET = b"GET /a?b=%20c HTTP/1.1\r\nHost: a\r\nX-Other: 1\r\n\r\n"
POST = b"POST /a%2fb HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Respond with all that the scope and the body say; then change both, which nobody may see."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    said = {name: repr(value) for name, value in scope.items() if name != "client"}
    text = json.dumps({**said, "received": body.decode()}).encode()
    scope["headers"].append((b"changed", b"1"))
    scope["path"], scope["state"]["changed"] = "/changed", True
    headers = [(b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text})


@dataclass
class Served:
    web: WebServer
    port: int

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def exchange(self, requests: Sequence[bytes]) -> Sequence[str]:
        """Send requests over one connection one by one; return what is said."""
        async with self.connection() as (reader, writer):
            said = []
            for request in requests:
                writer.write(request)
                said.append(await response(reader))
            return said


async def response(reader: asyncio.StreamReader) -> str:
    """Return the status and the body of a response, or what came before the end."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError as error:
        return f"closed {error.partial!r}"
    length = int(head.lower().partition("content-length: ")[2].partition("\r\n")[0])
    closes = " close" if "connection: close" in head.lower() else ""
    return head.split(" ")[1] + closes + " " + (await reader.readexactly(length)).decode()


@asynccontextmanager
async def serving(budget: int = 1 << 20, **options: Any) -> AsyncIterator[Served]:
    web = WebServer(echo, ServerSettings(**options), budget=ByteBudget(budget))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with web.running(listener):
            yield Served(web, listener.getsockname()[1])


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Return the targets of the heads that a parser has parsed."""
    targets: list[bytes] = []
    on_headers_complete = BoundedProtocol.on_headers_complete

    def counted(self: BoundedProtocol) -> None:
        targets.append(self.url)
        on_headers_complete(self)

    monkeypatch.setattr(BoundedProtocol, "on_headers_complete", counted)
    return targets


@pytest.mark.parametrize(
    "requests",
    [[GET] * 3, [POST + b"body", POST + b"more", POST + b"last"]],
    ids=["without-body", "with-body"],
)
async def test_equal_heads_are_parsed_once(
    served: Served, parsed: list[bytes], requests: list[bytes]
) -> None:
    said = await served.exchange(requests)

    assert len(parsed) == 1
    assert said == [(await served.exchange([request]))[0] for request in requests]


async def test_heads_that_differ_by_their_trace_are_parsed_once(
    served: Served, parsed: list[bytes]
) -> None:
    said = await served.exchange([traced(f"{number:032x}") for number in (1, 2, 3)])

    assert len(parsed) == 1
    for number, one in zip((1, 2, 3), said, strict=True):
        assert f"{number:032x}" in one
        assert one.count("traceparent") == 1


BREAK = b"00-" + b"1" * 30 + b"\r\nx:" + b"1" * 17
"""As long as the value of a trace, but two lines."""


@pytest.mark.parametrize(
    "second",
    [
        traced("1" * 32).replace(b"00-" + b"1" * 32 + b"-" + SPAN.encode() + b"-01", BREAK),
        traced("1" * 32).replace(b"Traceparent", b"traceparent"),
        traced("1" * 32).replace(b"GET", b"PUT"),
        traced("1" * 32).replace(b"/a ", b"/b "),
        traced("1" * 32).replace(b"-01\r", b"-0G\r"),
        traced("1" * 32)[:-2] + b"X: 1\r\n\r\n",
        traced("1" * 32).replace(b"Host: a", b"Host:  "),
    ],
    ids=["line-break", "case", "method", "path", "flags", "header", "host"],
)
async def test_another_head_is_parsed(served: Served, parsed: list[bytes], second: bytes) -> None:
    said = await served.exchange([traced("2" * 32), second])

    assert len(parsed) == 2
    assert said[1] == (await served.exchange([second]))[0]


REPEATED = traced("2" * 32, f"Traceparent: 00-{'2' * 32}-{SPAN}-01\r\n")
TWICE = traced("2" * 32, f"X: 00-{'2' * 32}-{SPAN}-01\r\n")


@pytest.mark.parametrize("head", [REPEATED, TWICE], ids=["repeated", "twice"])
async def test_a_trace_that_is_not_there_once_is_not_cut_out(
    served: Served, parsed: list[bytes], head: bytes
) -> None:
    said = await served.exchange([head, head, head.replace(b"2" * 32, b"3" * 32, 1)])

    assert len(parsed) == 2
    assert said[0] == said[1]
    assert "3" * 32 in said[2]
    assert "2" * 32 in said[2]


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ],
    ids=["1.0", "close"],
)
async def test_a_head_after_which_the_connection_closes_is_not_repeated(
    served: Served, request_: bytes
) -> None:
    first, second = await served.exchange([request_, request_])

    assert first.startswith("200 close")
    assert second.startswith("closed")


CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"
EXPECTS = POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n") + b"body"
UPGRADE = GET.replace(b"\r\n\r\n", b"\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n")
ABSOLUTE = GET.replace(b"/a?", b"http://b/a?")


@pytest.mark.bound("known-head")
@pytest.mark.parametrize(
    "request_",
    [CHUNKED, UPGRADE, ABSOLUTE, GET.replace(b"X-Other", b"X" * 4096)],
    ids=["chunked", "upgrade", "absolute-form", "large"],
)
async def test_an_unusual_head_is_parsed_each_time(
    served: Served, parsed: list[bytes], request_: bytes
) -> None:
    first, second = await served.exchange([request_, request_])

    assert first == second
    assert len(parsed) == 2


async def test_pieces_and_pipelined_requests_are_parsed(
    served: Served, parsed: list[bytes]
) -> None:
    async with served.connection() as (reader, writer):
        request = POST + b"body"
        writer.write(request)
        first = await response(reader)
        for piece in (request[:20], request[20:-2], request[-2:]):
            writer.write(piece)
            await writer.drain()
        assert await response(reader) == first
        writer.write(request * 3)
        assert [await response(reader) for _ in range(3)] == [first] * 3
        before = len(parsed)
        writer.write(request)
        assert await response(reader) == first
    assert len(parsed) == before


async def test_a_body_beyond_the_budget_is_a_503_also_behind_a_known_head() -> None:
    async with serving(budget=5) as served, served.connection() as (reader, writer):
        writer.write(POST + b"body")
        assert (await response(reader)).startswith("200")
        served.web.policy.budget.used += 2
        writer.write(POST + b"body")
        assert (await response(reader)).startswith("503")
        assert await reader.read() == b""


async def test_an_old_connection_closes_also_behind_a_known_head(served: Served) -> None:
    async with served.connection() as (reader, writer):
        writer.write(GET)
        assert (await response(reader)).startswith("200 {")
        served.web.policy.draining = True
        writer.write(GET)
        assert (await response(reader)).startswith("200 close")
        assert await reader.read() == b""


KINDS = (GET, POST + b"body", POST + b"more", traced("1" * 32), traced("2" * 32), REPEATED, CHUNKED)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(KINDS), min_size=2, max_size=12))
async def test_any_sequence_is_served_as_by_connections_of_their_own(
    requests: list[bytes],
) -> None:
    async with serving() as served:
        alone = [(await served.exchange([request]))[0] for request in requests]
        assert await served.exchange(requests) == alone
