"""Connections through a Service's port are bounded, and relayed without delay."""

import asyncio
import gc
import socket

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
        assert [await _respond(one) for one in served] == [b"x", b"x"]

        more = await _connected(listener)
        with pytest.raises(ConnectionResetError):
            await _respond(more)
        for reader, writer in served:
            writer.write_eof()
            assert await reader.read() == b""
            writer.close()
        await asyncio.gather(*listener._connections, return_exceptions=True)
    finally:
        listener.close()
        pod.close()
        await pod.wait_closed()


async def test_small_writes_are_relayed_without_delay() -> None:
    """Nagle's algorithm and delayed acknowledgements together would add 40 ms to each request."""
    pod = await asyncio.start_server(_echo, "127.0.0.1", 0)
    endpoint = Endpoint(*pod.sockets[0].getsockname())
    listener = Listener(listening_socket("127.0.0.1", 0), Balancer((endpoint,)), keep_source=True)
    await listener.start()
    try:
        caller = await _connected(listener)
        assert await _respond(caller) == b"x"
        ends = [one for one in _open_sockets() if _is_relays(one, listener, endpoint)]
        assert [one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for one in ends] == [1, 1]
        caller[1].write_eof()
        assert await caller[0].read() == b""
        caller[1].close()
        await asyncio.gather(*listener._connections, return_exceptions=True)
    finally:
        listener.close()
        pod.close()
        await pod.wait_closed()


def _open_sockets() -> list[socket.socket]:
    found = [one for one in gc.get_objects() if isinstance(one, socket.socket)]
    return [one for one in found if one.fileno() >= 0]


def _is_relays(one: socket.socket, listener: Listener, endpoint: Endpoint) -> bool:
    """Return whether a socket is the proxy's, towards the caller or the pod."""
    try:
        ends = one.getsockname(), one.getpeername()
    except OSError:
        return False
    return bool(listener.address == ends[0] or (endpoint.ip, endpoint.port) == ends[1])


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _connected(listener: Listener) -> Connection:
    return await asyncio.open_connection(*listener.address)


async def _respond(connection: Connection) -> bytes:
    reader, writer = connection
    writer.write(b"x")
    await writer.drain()
    return await reader.readexactly(1)


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.read(1))
    await reader.read()
    writer.close()
