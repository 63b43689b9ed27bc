"""Requests at the protocol: limits, drain, disconnects, unhandled errors and the record of each."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from prometheus_client import CollectorRegistry
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from chassis.config.sections import ServerSettings
from chassis.errors import NotFound, TemporarilyUnavailable
from chassis.http_server.accounting import Accounting
from chassis.http_server.connection_policy import ByteBudget
from chassis.http_server.direct import DirectPath, DirectPaths, Done, Header, Judge
from chassis.http_server.web_server import WebServer
from chassis.telemetry.access_log import AccessLog
from chassis.telemetry.audit import AuditEvent
from chassis.telemetry.request_metrics import RequestMetrics
from chassis.telemetry.security_events import SecurityEvents
from chassis.telemetry.trace import current_trace
from eventually import PATIENCE_S
from suitectl.waiting import until

pytestmark = pytest.mark.anyio
HEAD = b"POST /direct HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
REQUEST = HEAD + b"\r\nbody"
LIMIT = 2


@dataclass
class Endpoint:
    """Responds with the body when the test lets it; records the trace that it sees."""

    ok_headers: ClassVar[tuple[tuple[bytes, bytes], ...]] = ((b"content-type", b"text/plain"),)
    max_body: ClassVar[int] = 8
    waiting: list["asyncio.Future[bytes]"] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)
    judge: Callable[[bytes], bytes] = bytes
    reads: int = 0

    def read(self, headers: Sequence[Header]) -> Sequence[Header]:
        self.reads += 1
        return headers

    def begin(self, read: Sequence[Header], body: bytes, address: str, done: Done) -> Judge | None:
        assert (b"host", b"a") in read
        assert address == "127.0.0.1"
        if body == b"asgi":
            return None
        if body == b"gone":
            raise NotFound
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda ended: done(ended.exception() or ended.result()))
        self.waiting.append(future)

        def judge(result: bytes) -> bytes:
            trace = current_trace.get()
            assert trace is not None
            self.traces.append(trace.trace_id)
            return self.judge(result)

        return judge


class App:
    """An application with one direct endpoint; its ASGI side says so."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.registry = CollectorRegistry()
        events = SecurityEvents(AuditEvent, self.registry)
        metrics = RequestMetrics(self.registry)
        self.accounting = Accounting(metrics, events, AccessLog(), limit=LIMIT)
        path = DirectPath("/direct", endpoint, self.accounting, limit=endpoint.max_body)
        self.direct = DirectPaths([path])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        body = b""
        while (message := await receive()).get("more_body"):
            body += message["body"]
        body += message.get("body", b"")
        headers = [(b"content-length", b"%d" % (len(body) + 5))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"asgi:" + body})

    def count(self, status: int) -> float:
        """Return how many responses were counted."""
        labels = {"method": "POST", "uri": "/direct", "status": str(status)}
        return self.registry.get_sample_value("http_server_requests_seconds_count", labels) or 0


@dataclass
class Served:
    endpoint: Endpoint
    app: App
    web: WebServer
    port: int
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writers.append(writer)
        return reader, writer

    async def close(self) -> None:
        for writer in self.writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def begun(self, number: int = 1) -> None:
        """Wait until so many requests wait for their result."""

        async def there() -> bool:
            return len(self.endpoint.waiting) >= number

        await until(there, what="the endpoint to begin", seconds=PATIENCE_S, every=0.001)


@asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[Served]:
    endpoint = Endpoint()
    app = App(endpoint)
    web = WebServer(app, ServerSettings(**settings), budget=ByteBudget(1 << 20))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with web.running(listener):
            served = Served(endpoint, app, web, listener.getsockname()[1])
            try:
                yield served
            finally:
                await served.close()


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with serving() as running:
        yield running


async def _response(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = int(head.lower().partition("content-length: ")[2].partition("\r\n")[0])
    return head, await reader.readexactly(length)


async def test_a_response_is_one_write_with_trace_and_record(served: Served) -> None:
    reader, writer = await served.connect()
    writer.write(REQUEST)
    await served.begun()
    assert served.app.accounting.in_flight == 1
    served.endpoint.waiting[0].set_result(b"done")
    head, body = await _response(reader)
    assert body == b"done"
    assert "content-type: text/plain" in head
    assert "\r\ndate: " in head
    assert served.endpoint.traces[0] in head
    assert served.app.count(200) == 1
    assert served.app.accounting.in_flight == 0
    assert not served.web.server_state.tasks


async def test_a_body_in_pieces_is_served_as_well(served: Served) -> None:
    reader, writer = await served.connect()
    for piece in (REQUEST[:30], REQUEST[30:-3], REQUEST[-3:-1], REQUEST[-1:]):
        writer.write(piece)
        await writer.drain()
    await served.begun()
    served.endpoint.waiting[0].set_result(b"done")
    assert (await _response(reader))[1] == b"done"


@pytest.mark.parametrize(
    "sent",
    [
        HEAD + b"\r\nasgi",
        REQUEST.replace(b"/direct", b"/direct?"),
        REQUEST.replace(b"POST", b"PUT"),
        HEAD.replace(b"Content-Length: 4", b"Transfer-Encoding: chunked")
        + b"\r\n4\r\nbody\r\n0\r\n\r\n",
        b"POST /direct HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nlong body",
        REQUEST.replace(b"HTTP/1.1", b"HTTP/1.0"),
    ],
    ids=["left", "query", "method", "chunked", "long", "HTTP/1.0"],
)
async def test_the_application_gets_the_same_bytes_of_other_requests(
    served: Served, sent: bytes
) -> None:
    reader, writer = await served.connect()
    writer.write(sent)
    assert (await _response(reader))[1].startswith(b"asgi:")
    assert not served.endpoint.waiting


async def test_a_request_that_is_refused_at_once_leaves_the_connection_open(
    served: Served,
) -> None:
    reader, writer = await served.connect()
    for _ in range(2):
        writer.write(HEAD + b"\r\ngone")
        head, body = await _response(reader)
        assert head.startswith("HTTP/1.1 404 ")
        assert b'"error": "not_found"' in body
    assert served.app.count(404) == 2


async def test_an_unhandled_error_is_a_500_and_logged_with_its_trace(served: Served) -> None:
    def broken(_: bytes) -> bytes:
        raise RuntimeError("broken")

    served.endpoint.judge = broken
    reader, writer = await served.connect()
    with capture_logs() as logs:
        writer.write(REQUEST)
        await served.begun()
        served.endpoint.waiting[0].set_result(b"done")
        head, body = await _response(reader)
    assert head.startswith("HTTP/1.1 500 ")
    assert served.endpoint.traces[0].encode() in body
    assert logs[0]["event"] == "unhandled error"


async def test_an_error_of_what_was_awaited_is_the_response(served: Served) -> None:
    reader, writer = await served.connect()
    writer.write(REQUEST)
    await served.begun()
    served.endpoint.waiting[0].set_exception(TemporarilyUnavailable("away"))
    head, body = await _response(reader)
    assert head.startswith("HTTP/1.1 503 ")
    assert "retry-after: 1" in head
    assert b"away" in body


async def test_beyond_the_limit_the_application_decides(served: Served) -> None:
    pairs = [await served.connect() for _ in range(LIMIT + 1)]
    for _, writer in pairs[:LIMIT]:
        writer.write(REQUEST)
    await served.begun(LIMIT)
    pairs[LIMIT][1].write(REQUEST)
    assert (await _response(pairs[LIMIT][0]))[1] == b"asgi:body"
    for future in served.endpoint.waiting:
        future.set_result(b"done")
    for reader, _ in pairs[:LIMIT]:
        assert (await _response(reader))[1] == b"done"


async def test_pipelined_requests_wait_for_the_response_before_them(served: Served) -> None:
    reader, writer = await served.connect()
    writer.write(REQUEST + HEAD + b"\r\nasgi" + REQUEST)
    await served.begun()
    assert len(served.endpoint.waiting) == 1
    served.endpoint.waiting[0].set_result(b"first")
    assert (await _response(reader))[1] == b"first"
    assert (await _response(reader))[1] == b"asgi:asgi"
    await served.begun(2)
    served.endpoint.waiting[1].set_result(b"third")
    assert (await _response(reader))[1] == b"third"


async def test_a_client_that_has_left_is_recorded_and_nothing_is_written(served: Served) -> None:
    _, writer = await served.connect()
    writer.write(REQUEST)
    await served.begun()
    writer.transport.abort()

    async def gone() -> bool:
        return not served.web.server_state.connections

    await until(gone, what="the connection to end", seconds=PATIENCE_S, every=0.001)
    served.endpoint.waiting[0].set_result(b"done")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert served.app.count(200) == 1
    assert served.app.accounting.in_flight == 0
    assert not served.web.server_state.tasks


async def test_a_draining_server_closes_after_the_pending_response(served: Served) -> None:
    reader, writer = await served.connect()
    writer.write(REQUEST)
    await served.begun()
    served.web.close_after_responses()
    served.endpoint.waiting[0].set_result(b"done")
    head, body = await _response(reader)
    assert "connection: close" in head
    assert body == b"done"
    assert await reader.read() == b""


async def test_an_ending_server_waits_for_pending_and_half_received_requests() -> None:
    async with serving() as served:
        pending, half = await served.connect(), await served.connect()
        pending[1].write(REQUEST)
        await served.begun()
        half[1].write(REQUEST[:-1])

        async def received() -> bool:
            return any(getattr(c, "_path", None) for c in served.web.server_state.connections)

        await until(received, what="half a request", seconds=PATIENCE_S, every=0.001)
        served.web.should_exit = True

        async def ending() -> bool:
            return not any(getattr(c, "_path", None) for c in served.web.server_state.connections)

        await until(ending, what="the server to end", seconds=PATIENCE_S, every=0.001)
        half[1].write(REQUEST[-1:])
        assert (await _response(half[0]))[1] == b"asgi:body"
        served.endpoint.waiting[0].set_result(b"done")
        assert (await _response(pending[0]))[1] == b"done"


async def test_the_end_of_the_shutdown_timeout_is_a_503() -> None:
    async with serving(shutdown_timeout="1s") as served:
        reader, writer = await served.connect()
        writer.write(REQUEST)
        await served.begun()
        served.web.should_exit = True
        head, body = await _response(reader)
    assert head.startswith("HTTP/1.1 503 ")
    assert b"shutting down" in body


async def test_switched_off_every_request_goes_to_the_application(served: Served) -> None:
    served.app.direct.switch(on=False)
    reader, writer = await served.connect()
    writer.write(REQUEST)
    assert (await _response(reader))[1] == b"asgi:body"
    served.app.direct.switch(on=True)
    writer.write(REQUEST)
    await served.begun()
    served.endpoint.waiting[0].set_result(b"done")
    assert (await _response(reader))[1] == b"done"


async def test_a_head_that_repeats_is_read_once_and_served_as_if_it_were_not(
    served: Served,
) -> None:
    reader, writer = await served.connect()
    for number in range(3):
        writer.write(REQUEST)
        await served.begun(number + 1)
        served.endpoint.waiting[number].set_result(b"%d" % number)
        head, body = await _response(reader)
        assert body == b"%d" % number
        assert served.endpoint.traces[number] in head
    assert served.endpoint.reads == 1
    assert len(set(served.endpoint.traces)) == 3
    assert served.app.count(200) == 3


async def test_a_head_that_repeats_goes_to_the_application_where_the_first_would(
    served: Served,
) -> None:
    reader, writer = await served.connect()
    writer.write(REQUEST)
    await served.begun()
    served.endpoint.waiting[0].set_result(b"done")
    await _response(reader)

    served.app.direct.switch(on=False)
    writer.write(REQUEST)
    assert (await _response(reader))[1] == b"asgi:body"
    served.app.direct.switch(on=True)
    served.app.accounting.in_flight = LIMIT
    writer.write(REQUEST)
    assert (await _response(reader))[1] == b"asgi:body"
    served.app.accounting.in_flight = 0
    writer.write(HEAD + b"\r\nasgi")
    assert (await _response(reader))[1] == b"asgi:asgi"
    writer.write(HEAD + b"\r\ngone")
    assert (await _response(reader))[0].startswith("HTTP/1.1 404 ")
    assert len(served.endpoint.waiting) == 1


async def test_a_draining_server_closes_a_connection_that_repeats_its_head(
    served: Served,
) -> None:
    reader, writer = await served.connect()
    for number in range(2):
        writer.write(REQUEST)
        await served.begun(number + 1)
        if number:
            served.web.close_after_responses()
        served.endpoint.waiting[number].set_result(b"done")
        head, _ = await _response(reader)
        assert ("connection: close" in head) is bool(number)
    assert await reader.read() == b""
