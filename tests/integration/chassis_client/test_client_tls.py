"""https: nothing is sent until the server has proved the service's name."""

import asyncio
import ssl
from pathlib import Path

import pytest

from certificates import self_signed
from chassis.client.caller import Caller
from chassis.client.errors import ServiceUnavailable
from chassis.client.retry_budget import RetryBudget
from chassis.client.target import Target
from chassis.discovery import Address
from chassis.transport import Pool, PoolOptions
from eventually import PATIENCE_S
from integration.chassis_client.callers import OneAddress, get
from integration.chassis_client.scripted import OK


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a self-signed certificate of the service `cas`."""
    return self_signed(tmp_path_factory.mktemp("tls") / "cas.pem", "cas")


async def call(certificate: Path, name: str, tls: ssl.SSLContext | None) -> tuple[int, list[bytes]]:
    """Call `name` over TLS; return the status and the requests that the server received."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK)
        await writer.drain()
        writer.close()

    proof = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    proof.load_cert_chain(certificate)
    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=proof) as server:
        address = Address(*server.sockets[0].getsockname())
        pool = Pool(PoolOptions(), tls=tls)
        budget = RetryBudget(ratio=0, capacity=0, floor=0)
        caller = Caller(OneAddress(address), pool, budget, timeout=PATIENCE_S)
        try:
            response = await caller.call(Target(name, 443, tls=True), get(), idempotent=True)
        except ServiceUnavailable as error:
            return error.status, heads
        finally:
            pool.retire()
        return response.status, heads


@pytest.mark.anyio
async def test_a_trusted_server_with_the_right_name_is_called(certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=certificate)
    status, heads = await call(certificate, "cas", trusting)
    assert (status, len(heads)) == (200, 1)


@pytest.mark.anyio
async def test_a_server_with_another_name_receives_nothing(certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=certificate)
    assert await call(certificate, "other", trusting) == (503, [])


@pytest.mark.anyio
async def test_an_untrusted_server_receives_nothing(certificate: Path) -> None:
    assert await call(certificate, "cas", None) == (503, [])
