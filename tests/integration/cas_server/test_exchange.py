"""A batch over a connection of redis-py's: its replies, and all that may come in their place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hiredis import pack_command
from redis.asyncio import Connection, Redis
from redis.exceptions import BusyLoadingError, InvalidResponse, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError

from cas_server.stores.exchange import Exchange
from eventually import PATIENCE_S
from suitectl.waiting import until

pytestmark = pytest.mark.anyio


def packed(*command: str | bytes) -> bytes:
    whole: bytes = pack_command(command)  # type: ignore[arg-type]  # takes any number
    return whole


PING = packed("PING")


@asynccontextmanager
async def exchange_with(*pieces: bytes) -> AsyncIterator[Exchange]:
    """Yield an exchange whose Redis responds to each command with the next of these bytes."""
    left = list(pieces)

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while left and await reader.read(1000):
            writer.write(left.pop(0))
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(respond, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        connection: Any = Connection(port=port, protocol=2, driver_info=None)
        await connection.connect()
        exchange = Exchange(connection)
        yield exchange
        exchange.give_back()
        await connection.disconnect()


@asynccontextmanager
async def on_redis(port: int) -> AsyncIterator[tuple[Redis, Exchange]]:
    async with Redis(port=port, socket_timeout=PATIENCE_S) as client:
        pool: Any = client.connection_pool
        connection = await pool.get_connection()
        exchange = Exchange(connection)
        try:
            yield client, exchange
        finally:
            exchange.give_back()
            await pool.release(connection)


async def test_a_large_batch_comes_back_in_order(redis: int) -> None:
    texts = [b"%d" % number * 10_000 for number in range(200)]
    async with on_redis(redis) as (_, exchange):
        batch = b"".join(packed("ECHO", text) for text in texts)
        assert await exchange.run(batch, len(texts)) == texts
        assert exchange.is_fit


async def test_redis_py_goes_on_with_a_connection_that_was_given_back(redis: int) -> None:
    async with on_redis(redis) as (_, exchange):
        assert await exchange.run(PING, 1) == [b"PONG"]
        exchange.give_back()
        await exchange.connection.send_command("ECHO", "by the stream")
        assert await exchange.connection.read_response() == b"by the stream"


async def test_a_batch_fails_as_soon_as_redis_closes_the_connection(redis: int) -> None:
    async with on_redis(redis) as (client, exchange):
        (number,) = await exchange.run(packed("CLIENT", "ID"), 1)
        waiting = exchange.run(packed("BLPOP", "nothing", "0"), 1)
        await client.client_kill_filter(_id=number)
        with pytest.raises(RedisConnectionError, match="closed the connection"):
            await waiting
        assert not exchange.is_fit
        await exchange.connection.disconnect()


async def test_an_error_fails_its_own_command_alone() -> None:
    async with exchange_with(b"+OK\r\n-ERR no\r\n:3\r\n") as exchange:
        ok, error, three = await exchange.run(PING * 3, 3)
        assert (ok, three) == (b"OK", 3)
        assert isinstance(error, ResponseError)
        assert exchange.is_fit


async def test_a_redis_that_loads_serves_nobody() -> None:
    async with exchange_with(b"-LOADING from disk\r\n+OK\r\n") as exchange:
        with pytest.raises(BusyLoadingError):
            await exchange.run(PING * 2, 2)
        assert not exchange.is_fit


async def test_what_is_no_reply_ends_the_connection() -> None:
    async with exchange_with(b"HTTP/1.1 400 Bad Request\r\n") as exchange:
        with pytest.raises(InvalidResponse):
            await exchange.run(PING, 1)
        assert not exchange.is_fit


async def test_a_reply_that_nobody_asked_for_makes_a_connection_unfit() -> None:
    async with exchange_with(b"+OK\r\n+OK\r\n") as exchange:
        assert await exchange.run(PING, 1) == [b"OK"]
        assert not exchange.is_fit


async def test_a_note_of_maintenance_is_no_reply() -> None:
    async with exchange_with(b">2\r\n+MOVING\r\n:1\r\n+OK\r\n") as exchange:
        assert await exchange.run(PING, 1) == [b"OK"]
        assert not exchange.is_fit


async def test_an_idle_connection_that_ends_is_unfit() -> None:
    async with exchange_with(b"+OK\r\n") as exchange:
        assert await exchange.run(PING, 1) == [b"OK"]

        async def noticed() -> bool:
            return not exchange.is_fit

        await until(noticed, what="the end of the connection", seconds=PATIENCE_S, every=0.001)
