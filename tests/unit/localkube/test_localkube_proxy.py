"""Connections through a Service's port are bounded."""

import asyncio

import pytest

from localkube.engine.network import proxy
from localkube.engine.network.balancer import Balancer, Endpoint
from localkube.engine.network.proxy import Listener, listening_socket

pytestmark = pytest.mark.anyio


@pytest.mark.bound("localkube-connections")
async def test_connections_beyond_the_bound_are_reset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "CONNECTIONS", 2)
    pod = await asyncio.start_server(_echo, "127.0.0.1", 0)
    endpoint = Endpoint(*pod.sockets[0].getsockname())
    listener = Listener(listening_socket("127.0.0.1", 0), Balancer((endpoint,)), keep_source=False)
    await listener.start()
    try:
        served = [await _connected(listener) for _ in range(2)]
        assert [await _answer(one) for one in served] == [b"x", b"x"]

        more = await _connected(listener)
        with pytest.raises(ConnectionResetError):
            await _answer(more)
        for reader, writer in served:
            writer.write_eof()
            assert await reader.read() == b""
            writer.close()
        await asyncio.gather(*listener._connections, return_exceptions=True)
    finally:
        listener.close()
        pod.close()
        await pod.wait_closed()


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _connected(listener: Listener) -> Connection:
    return await asyncio.open_connection(*listener.address)


async def _answer(connection: Connection) -> bytes:
    reader, writer = connection
    writer.write(b"x")
    await writer.drain()
    return await reader.readexactly(1)


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.read(1))
    await reader.read()
    writer.close()
