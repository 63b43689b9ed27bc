"""Retries of a call: when, and how many."""

import asyncio
import socket

import pytest

from chassis.client import caller as caller_module
from chassis.client.errors import ServiceUnavailable
from chassis.discovery import Address
from chassis.transport import PoolOptions
from integration.chassis_client.callers import SERVICE, OneAddress, calling, get, post
from integration.chassis_client.scripted import OK, Request, http_response, scripted, silent


def breaks_first(request: Request) -> bytes | None:
    return None if request.connection == 0 else OK


def breaks_when_reused(request: Request) -> bytes | None:
    return None if (request.connection, request.number) == (0, 1) else OK


@pytest.mark.anyio
async def test_a_broken_connection_is_retried_on_a_fresh_one() -> None:
    async with scripted(breaks_first) as server:
        with calling(server.address) as caller:
            response = await caller.call(SERVICE, get(), idempotent=True)
    assert response.status == 200
    assert [request.connection for request in server.requests] == [0, 1]


@pytest.mark.anyio
async def test_a_stale_keep_alive_connection_fails_no_call() -> None:
    async with scripted(breaks_when_reused) as server:
        with calling(server.address) as caller:
            for _ in range(3):
                assert (await caller.call(SERVICE, get(), idempotent=True)).status == 200


@pytest.mark.anyio
async def test_a_retry_does_not_use_pooled_connections() -> None:
    """Pooled connections may lead to the same dead replica."""
    both = asyncio.Barrier(2)

    async def script(request: Request) -> bytes | None:
        if request.number == 0 and request.connection < 2:
            await both.wait()
        return OK if request.number == 0 else None

    async with scripted(script) as server:
        with calling(server.address) as caller:
            first = (caller.call(SERVICE, get(), idempotent=True) for _ in range(2))
            await asyncio.gather(*first)
            await caller.call(SERVICE, get(), idempotent=True)
    reused, retried = server.requests[2:]
    assert (reused.number, reused.connection in {0, 1}) == (1, True)
    assert (retried.number, retried.connection) == (0, 2)


@pytest.mark.anyio
async def test_a_request_that_is_not_idempotent_is_not_sent_twice() -> None:
    async with scripted(breaks_first) as server:
        with calling(server.address) as caller, pytest.raises(ServiceUnavailable):
            await caller.call(SERVICE, post(), idempotent=False)
    assert len(server.requests) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.bound("gateway-retries")
async def test_a_gateway_error_is_retried_once(status: int) -> None:
    async with scripted(http_response(status, b"{}")) as server:
        with calling(server.address) as caller:
            assert (await caller.call(SERVICE, get(), idempotent=True)).status == status
    assert [request.connection for request in server.requests] == [0, 1]


@pytest.mark.anyio
@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 501])
async def test_other_error_statuses_are_returned_without_a_retry(status: int) -> None:
    async with scripted(http_response(status, b"{}")) as server:
        with calling(server.address) as caller:
            assert (await caller.call(SERVICE, get(), idempotent=True)).status == status
    assert len(server.requests) == 1


@pytest.mark.bound("call-tries")
@pytest.mark.anyio
async def test_the_number_of_attempts_of_a_call_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound holds even if the retry budget is not exhausted."""
    monkeypatch.setattr(caller_module, "_FIRST_PAUSE", 0.001)
    async with scripted(lambda _: None) as server:
        with calling(server.address) as caller, pytest.raises(ServiceUnavailable):
            await caller.call(SERVICE, get(), idempotent=True)
    assert [request.connection for request in server.requests] == list(range(8))


@pytest.mark.anyio
async def test_without_a_budget_nothing_is_retried() -> None:
    async with scripted(breaks_first) as server:
        with (
            calling(server.address, ratio=0, capacity=0, floor=0) as caller,
            pytest.raises(ServiceUnavailable),
        ):
            await caller.call(SERVICE, get(), idempotent=True)


@pytest.mark.anyio
async def test_a_waiting_call_reaches_a_service_that_comes_back() -> None:
    """Nothing was sent to a closed port, so even a POST is retried."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        with calling(Address("127.0.0.1", port)) as caller:
            call = asyncio.create_task(caller.call(SERVICE, post(), idempotent=False))
            await asyncio.sleep(
                0.05
            )  # clock: it passes the sooner, only without having tried the closed port
            reserved.listen()
            listener = await asyncio.start_server(_respond_ok, sock=reserved.dup())
            async with listener:
                assert (await call).status == 200


async def _respond_ok(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK)
    await writer.drain()
    writer.close()


@pytest.mark.anyio
async def test_an_unreachable_service_is_a_503_that_names_it() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        address = Address(*reserved.getsockname())
        with (
            calling(address, capacity=2, floor=0) as caller,
            pytest.raises(ServiceUnavailable, match="cas-server-service is unreachable"),
        ):
            await caller.call(SERVICE, get(), idempotent=True)
    assert isinstance(caller.discovery, OneAddress)
    assert set(caller.discovery.failed) == {address}


@pytest.mark.anyio
@pytest.mark.bound("connect-time")
async def test_a_connect_timeout_is_named_in_the_error() -> None:
    with (
        silent() as address,
        calling(address, options=PoolOptions(connect_timeout=0.01), capacity=0) as caller,
        pytest.raises(ServiceUnavailable) as raised,
    ):
        await caller.call(SERVICE, get(), idempotent=True)
    assert str(raised.value.__cause__) == f"{address.host}:{address.port}: timeout"
