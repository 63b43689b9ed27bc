"""Connections that batches share, on a real Redis: each command gets its own reply."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from hiredis import pack_command
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from cas_server.stores import held_connections
from cas_server.stores.held_connections import HeldConnections
from chassis.deadlines import Deadlines
from eventually import PATIENCE_S
from suitectl.waiting import until

pytestmark = pytest.mark.anyio
ID = ("CLIENT", "ID")


@pytest.fixture
async def redis_client(redis: int) -> AsyncIterator[Redis]:
    async with Redis(port=redis, socket_timeout=PATIENCE_S) as client:
        yield client


@pytest.fixture
async def held(redis_client: Redis) -> AsyncIterator[HeldConnections]:
    found = HeldConnections(redis_client.connection_pool)
    yield found
    await found.drop()


async def echo(held: HeldConnections, text: bytes) -> bytes:
    reply: bytes = await held.run("ECHO", text)
    return reply


async def test_reads_after_each_other_share_a_connection(held: HeldConnections) -> None:
    assert await held.run(*ID) == await held.run(*ID)


async def test_reads_at_once_have_a_connection_each(held: HeldConnections) -> None:
    texts = [b"%d" % number for number in range(5)]
    assert await asyncio.gather(*(echo(held, text) for text in texts)) == texts
    assert await asyncio.gather(*(echo(held, text) for text in texts)) == texts


async def test_a_refused_command_fails_alone(held: HeldConnections) -> None:
    refused = ("HGET", "text", "field")
    commands = [("SET", "text", "value", "EX", 60), refused, ("GET", "text"), ID]
    replies = await held.run_all(commands)
    assert "WRONGTYPE" in str(replies[1])
    assert [replies[0], replies[2]] == [b"OK", b"value"]
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await held.run(*refused)
    assert await held.run(*ID) == replies[3]


async def test_a_write_that_waits_leaves_reads_a_connection_of_their_own(
    held: HeldConnections, redis_client: Redis
) -> None:
    waiting = asyncio.create_task(held.run("BLPOP", "turn", "0"))
    await asyncio.sleep(0)
    first = await held.run(*ID)
    await redis_client.rpush("turn", "go")
    await waiting
    assert len(held._idle) == 2
    assert await held.run(*ID) != first  # the last one used is the next
    assert await held.run(*ID) != first


async def test_the_reply_of_a_cancelled_read_is_nobody_elses(held: HeldConnections) -> None:
    first = await held.run(*ID)
    blocked = asyncio.create_task(held.run("BLPOP", "nothing", "0"))
    await asyncio.sleep(0)
    blocked.cancel()
    with suppress(asyncio.CancelledError):
        await blocked

    assert await echo(held, b"mine") == b"mine"
    assert await held.run(*ID) != first


async def test_a_connection_that_redis_closed_is_not_used(
    held: HeldConnections, redis_client: Redis
) -> None:
    first = await held.run(*ID)
    await redis_client.client_kill_filter(_id=first)

    async def noticed() -> bool:
        return not held._idle[-1][0].is_fit

    await until(noticed, what="the end of the connection", seconds=PATIENCE_S, every=0.001)
    assert await held.run(*ID) != first


async def test_a_connection_that_the_pool_marked_is_made_again(
    held: HeldConnections, redis_client: Redis
) -> None:
    first = await held.run(*ID)
    pool: Any = redis_client.connection_pool
    await pool.update_active_connections_for_reconnect()
    assert await held.run(*ID) != first


async def test_the_pool_sees_the_connection_once_a_second(
    held: HeldConnections, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, seen = 100.0, list[float]()
    pool: Any = redis_client.connection_pool
    get_connection = pool.get_connection

    async def counted() -> Any:
        seen.append(now)
        return await get_connection()

    monkeypatch.setattr(pool, "get_connection", counted)
    monkeypatch.setattr(held_connections, "time", SimpleNamespace(monotonic=lambda: now))
    for moment in (100.0, 100.9, 101.1, 101.9, 102.2):
        now = moment
        await held.run(*ID)
    assert seen == [100.0, 101.1, 102.2]


async def test_a_dropped_connection_is_the_pools_with_its_time_limit(
    held: HeldConnections, redis_client: Redis
) -> None:
    await held.run(*ID)
    await held.drop()
    pool: Any = redis_client.connection_pool
    connection = await pool.get_connection()
    try:
        assert connection.socket_timeout == PATIENCE_S
    finally:
        await pool.release(connection)


async def test_none_is_held_where_none_is_to_be(redis_client: Redis) -> None:
    pool: Any = redis_client.connection_pool
    held = HeldConnections(pool, most_idle=0)
    await held.run(*ID)
    assert not pool._in_use_connections


@dataclass
class Begun:
    """Sends commands without a task; `outcome` is what the last one came to."""

    held: HeldConnections
    deadlines: Deadlines = field(default_factory=lambda: Deadlines(PATIENCE_S))
    outcome: list[Any] | Awaitable[list[Any]] | None = None

    def begin(self, *command: str) -> bool:
        packed: bytes = pack_command(command)  # type: ignore[arg-type]  # takes any number
        self.outcome = None
        return self.held.begin(packed, self.deadlines, self._done)

    def _done(self, outcome: list[Any] | Awaitable[list[Any]]) -> None:
        self.outcome = outcome

    async def replies(self) -> list[Any]:
        async def is_there() -> bool:
            return self.outcome is not None

        await until(is_there, what="the outcome", seconds=PATIENCE_S, every=0.001)
        assert self.outcome is not None
        return self.outcome if isinstance(self.outcome, list) else await self.outcome


async def test_a_held_connection_serves_without_a_task(held: HeldConnections) -> None:
    begun = Begun(held)
    assert not begun.begin(*ID)
    first = await held.run(*ID)
    assert begun.begin(*ID)
    assert not begun.begin(*ID)  # it is in use
    assert await begun.replies() == [first]
    assert len(begun.deadlines) == 0
    assert begun.begin("HGET")
    (refused,) = await begun.replies()
    assert isinstance(refused, ResponseError)
    assert await held.run(*ID) == first


async def test_a_connection_that_may_not_serve_begins_nothing(
    held: HeldConnections, redis_client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, first = Begun(held), await held.run(*ID)
    pool: Any = redis_client.connection_pool
    await pool.update_active_connections_for_reconnect()
    assert not begun.begin(*ID)
    assert await held.run(*ID) != first
    later = time.monotonic() + 2  # clock: a connection is held for a second
    monkeypatch.setattr(held_connections, "time", SimpleNamespace(monotonic=lambda: later))
    assert not begun.begin(*ID)


async def test_a_connection_that_breaks_or_takes_too_long_is_not_used_again(
    held: HeldConnections, redis_client: Redis
) -> None:
    first = await held.run(*ID)
    begun = Begun(held)
    assert begun.begin("BLPOP", "nothing", "0")
    await redis_client.client_kill_filter(_id=first)
    with pytest.raises(RedisConnectionError):
        await begun.replies()
    second = await held.run(*ID)
    assert second != first

    begun = Begun(held, Deadlines(0.05))
    assert begun.begin("BLPOP", "nothing", "0")
    with pytest.raises(TimeoutError):
        await begun.replies()
    assert await held.run(*ID) != second


async def test_more_than_are_held_go_back_to_the_pool(
    held: HeldConnections, redis_client: Redis
) -> None:
    first = await held.run(*ID)
    begun = Begun(held)
    assert begun.begin("BLPOP", "turn", "0")
    await asyncio.gather(*(held.run(*ID) for _ in range(2)))
    await redis_client.rpush("turn", "go")
    assert await begun.replies() == [[b"turn", b"go"]]
    assert len(held._idle) == 2
    assert await held.run(*ID) != first
