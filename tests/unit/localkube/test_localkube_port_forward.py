"""A forwarded port has a bound."""

import asyncio

import pytest

from eventually import until
from localkube.verbs import port_forward
from localkube.verbs.port_forward import Forward, _Relay

pytestmark = pytest.mark.anyio


@pytest.mark.bound("localkube-forwarded")
async def test_connections_beyond_the_bound_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_forward, "CONNECTIONS", 1)
    pods: list[asyncio.StreamWriter] = []

    async def pod(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pods.append(writer)
        writer.write(await reader.readexactly(4))

    server = await asyncio.start_server(pod, "127.0.0.1", 0)
    relay = _Relay(Forward(0, 80, server.sockets[0].getsockname()))
    local = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    address = local.sockets[0].getsockname()

    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"ping")
    assert await reader.readexactly(4) == b"ping"
    refused, second = await asyncio.open_connection(*address)
    assert await refused.read() == b""
    writer.close()
    pods[0].close()
    await until(lambda: relay._open == 0)
    again, third = await asyncio.open_connection(*address)
    third.write(b"ping")
    assert await again.readexactly(4) == b"ping"

    for one in (second, third, *pods):
        one.close()
    for listening in (local, server):
        listening.close()
    await until(lambda: relay._open == 0)
