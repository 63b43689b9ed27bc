"""Bounds on connections to Redis and to the Sentinels, and on their duration."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from cas_server.stores import sentinels
from cas_server.stores.held_connections import HeldConnections
from cas_server.stores.redis_connection import connect
from chassis.config import RedisSettings
from chassis.discovery import Address
from eventually import PATIENCE_S

pytestmark = pytest.mark.anyio


class Here:
    """Discovery that resolves every name to one address."""

    def __init__(self, address: Address) -> None:
        self._address = address

    async def resolve(self, name: str, port: int) -> Address:
        del name, port
        return self._address

    def report_failure(self, address: Address) -> None:
        """Ignore the report."""


@pytest.fixture
async def silent() -> AsyncIterator[Address]:
    """A server that accepts connections and never responds."""
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    try:
        yield Address(*server.sockets[0].getsockname()[:2])
    finally:
        server.close()
        for writer in held:
            writer.close()


@pytest.mark.bound("redis-connections")
async def test_the_number_of_connections_is_bounded(silent: Address) -> None:
    pool = connect(RedisSettings(host="redis", timeout=60), Here(silent))
    connections = HeldConnections(pool)
    asked = [asyncio.create_task(connections.run("PING")) for _ in range(32)]
    await asyncio.sleep(0)
    try:
        with pytest.raises(RedisError, match="Too many connections"):
            await connections.run("PING")
    finally:
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        await pool.aclose()


@pytest.mark.bound("sentinel-time")
async def test_a_silent_sentinel_times_out(
    silent: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentinels, "_RESPONSE_S", 0.05)
    sentinel = HeldConnections(ConnectionPool(host=silent.host, port=silent.port))
    async with asyncio.timeout(PATIENCE_S):
        assert await sentinels._named_by(sentinel, "primary") is None
