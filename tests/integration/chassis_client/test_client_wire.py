"""Responses on the wire, valid and invalid, and how the client handles them."""

import asyncio

import pytest

from chassis.client.errors import ServiceTimeout, ServiceUnavailable
from chassis.transport import Origin, Pool, PoolOptions, RawRequest
from eventually import PATIENCE_S
from integration.chassis_client.callers import SERVICE, calling, get, post
from integration.chassis_client.scripted import OK, Request, http_response, scripted

CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Content-Length: none\r\n\r\n"
    b"1\r\no\r\n1\r\nk\r\n0\r\n\r\n"
)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("data", "status", "body"),
    [
        (OK, 200, b"ok"),
        (CHUNKED, 200, b"ok"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, b"until the end"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"ok"),
        (b"HTTP/1.1 204 No Content\r\nX-Content-Length: 0\r\n\r\n", 204, b""),
        (http_response(503, b"{}"), 503, b"{}"),
    ],
)
async def test_every_framing_of_a_response_is_supported(
    data: bytes, status: int, body: bytes
) -> None:
    async with scripted(data) as server:
        with calling(server.address) as caller:
            response = await caller.call(SERVICE, get(), idempotent=True)
            again = await caller.call(SERVICE, get(), idempotent=True)
    assert (response.status, response.body) == (status, body)
    assert (again.status, again.body) == (status, body)


@pytest.mark.anyio
async def test_the_response_to_head_has_no_body() -> None:
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"
    async with scripted(data) as server:
        with calling(server.address, timeout=PATIENCE_S) as caller:
            request = RawRequest(b"HEAD", b"/", [(b"Host", b"cas")])
            response = await caller.call(SERVICE, request, idempotent=True)
    assert (response.status, response.body) == (200, b"")


@pytest.mark.anyio
@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\nConnection: close\r\n\r\ncut short",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade, close\r\n\r\n",
        b"\x00" * 100,
    ],
)
async def test_a_malformed_response_counts_as_an_outage(data: bytes) -> None:
    async with scripted(data) as server:
        with (
            calling(server.address, capacity=1, floor=0) as caller,
            pytest.raises(ServiceUnavailable) as raised,
        ):
            await caller.call(SERVICE, get(), idempotent=True)
    assert (raised.value.status, raised.value.error) == (503, "temporarily_unavailable")
    assert raised.value.headers["Retry-After"] == "1"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "data",
    [
        http_response(200, b"x" * 200_000),
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n" + b"x" * 200_000,
    ],
    ids=["body", "headers", "promised"],
)
@pytest.mark.bound("client-response-head")
async def test_a_response_over_the_bound_is_refused_without_a_retry(data: bytes) -> None:
    async with scripted(data) as server:
        with (
            calling(server.address, options=PoolOptions(max_response=1000)) as caller,
            pytest.raises(ServiceUnavailable),
        ):
            await caller.call(SERVICE, get(), idempotent=True)
    assert len(server.requests) == 1


@pytest.mark.anyio
async def test_an_unsolicited_second_response_reaches_no_caller() -> None:
    """Response splitting has no effect, since the connection is closed."""

    def twice(request: Request) -> bytes:
        return OK + http_response(200, b"evil") if request.connection == 0 else OK

    async with scripted(twice) as server:
        with calling(server.address) as caller:
            bodies = [(await caller.call(SERVICE, get(), idempotent=True)).body for _ in range(3)]
    assert bodies == [b"ok"] * 3
    assert [request.connection for request in server.requests] == [0, 1, 1]


_TRAILERS = CHUNKED.removesuffix(b"\r\n") + b"X-Evil: trailer\r\nSet-Cookie: a=b\r\n\r\n"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("data", "connections"),
    [
        (OK + http_response(200, b"evil", "X-Evil: yes"), [0, 1]),
        (OK + b"HTTP/1.1 200 OK\r\nX-Evil: a head without end", [0, 1]),
        (OK + b"\r\n", [0, 1]),
        (OK + b"X-Evil: yes\r\n\r\n", [0, 1]),
        (CHUNKED + b"\r\n", [0, 1]),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\nX-Evil: yes\r\n\r\n", [0, 1]),
        (b"HTTP/1.1 103 Early Hints\r\nX-Evil: interim\r\n\r\n" + OK, [0, 0]),
        (_TRAILERS + b"content-length", [0, 1]),
    ],
    ids=["response", "head", "line", "header", "after chunks", "after 204", "interim", "trailers"],
)
async def test_only_a_responses_own_head_sets_its_headers(
    data: bytes, connections: list[int]
) -> None:
    """A connection with bytes behind a complete response is not used again."""
    async with scripted(lambda request: OK if request.connection else data) as server:
        with calling(server.address) as caller:
            first = await caller.call(SERVICE, get(), idempotent=True)
            second = await caller.call(SERVICE, get(), idempotent=True)
    assert not [name for name, _ in first.headers if name in {b"x-evil", b"set-cookie"}]
    assert second.body == b"ok" or not connections[1]
    assert [request.connection for request in server.requests] == connections


@pytest.mark.anyio
@pytest.mark.bound("call-time")
async def test_a_response_timeout_is_a_504_without_a_retry() -> None:
    too_late = asyncio.Event()

    async def slow(request: Request) -> bytes:
        del request
        await too_late.wait()
        return OK

    async with scripted(slow) as server:
        with (
            calling(server.address, timeout=1) as caller,  # clock: no response ever comes
            pytest.raises(ServiceTimeout) as raised,
        ):
            await caller.call(SERVICE, get(), idempotent=True)
        too_late.set()
    assert (raised.value.status, raised.value.error) == (504, "timeout")
    assert len(server.requests) == 1


@pytest.mark.anyio
async def test_a_cancelled_call_closes_its_connection() -> None:
    may_answer = asyncio.Event()

    async def slow(request: Request) -> bytes:
        if request.connection == 0:
            await may_answer.wait()
        return http_response(200, b"connection %d" % request.connection)

    async with scripted(slow) as server:
        with calling(server.address) as caller:
            call = asyncio.create_task(caller.call(SERVICE, get(), idempotent=True))
            await server.arrived.wait()
            call.cancel()
            response = await caller.call(SERVICE, get(), idempotent=True)
            may_answer.set()
    assert response.body == b"connection 1"


@pytest.mark.anyio
@pytest.mark.bound("client-connections")
async def test_connections_are_pooled_and_bounded() -> None:
    async with scripted(OK) as server:
        with calling(server.address, options=PoolOptions(size=3)) as caller:
            calls = (caller.call(SERVICE, post(), idempotent=True) for _ in range(50))
            await asyncio.gather(*calls)
    assert len(server.requests) == 50
    assert server.connections == 3


@pytest.mark.anyio
@pytest.mark.bound("client-connections")
async def test_idle_connections_to_all_hosts_count_towards_the_bound() -> None:
    """Regression: each call on a fresh connection left one open until its idle timeout."""
    pool = Pool(PoolOptions(size=3))
    async with scripted(OK) as server:
        for host in ("127.0.0.1", "localhost") * 10:
            origin = Origin(host, server.address.port)
            response = await pool.exchange(origin, get().encode(), fresh=True)
            assert response.body == b"ok"
        async with asyncio.timeout(PATIENCE_S):
            while len(server.writers) > 3:
                server.closed.clear()
                await server.closed.wait()
        assert server.connections == 20
        pool.retire()


@pytest.mark.anyio
async def test_connection_close_is_obeyed() -> None:
    data = http_response(200, b"ok", "Connection: close")
    async with scripted(data) as server:
        with calling(server.address) as caller:
            for _ in range(3):
                await caller.call(SERVICE, get(), idempotent=True)
    assert server.connections == 3


@pytest.mark.anyio
@pytest.mark.parametrize(
    "options", [PoolOptions(max_age=0.0), PoolOptions(keep_alive=0.0)], ids=["age", "idle"]
)
@pytest.mark.bound("client-connection-age")
@pytest.mark.bound("client-keep-alive")
async def test_old_and_idle_connections_are_retired(options: PoolOptions) -> None:
    async with scripted(OK) as server:
        with calling(server.address, options=options) as caller:
            for _ in range(3):
                await caller.call(SERVICE, get(), idempotent=True)
    assert server.connections == 3


@pytest.mark.anyio
async def test_an_idle_connection_is_closed_without_another_call() -> None:
    async with scripted(OK) as server:
        with calling(server.address, options=PoolOptions(keep_alive=0.05)) as caller:
            await caller.call(SERVICE, get(), idempotent=True)
            async with asyncio.timeout(PATIENCE_S):
                await server.closed.wait()


@pytest.mark.anyio
async def test_the_source_address_is_bound() -> None:
    async with scripted(OK) as server:
        options = PoolOptions(source_address="127.0.0.9")
        with calling(server.address, options=options) as caller:
            await caller.call(SERVICE, get(), idempotent=True)
    assert server.requests[0].peer == "127.0.0.9"


@pytest.mark.anyio
async def test_the_host_header_is_the_services_name() -> None:
    async with scripted(OK) as server:
        with calling(server.address) as caller:
            await caller.call(SERVICE, get(), idempotent=True)
    assert "Host: cas-server-service\r\n" in server.requests[0].head
