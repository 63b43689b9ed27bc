"""A connection that does not close in time is abandoned, as over TLS to a Redis that hangs."""

import asyncio
from typing import Any, NoReturn, cast

import pytest
from redis.asyncio import ConnectionPool
from redis.exceptions import TimeoutError as RedisTimeoutError

from cas_server.settings import CasSettings, DurabilitySettings
from cas_server.stores.primary_connection import PrimaryPool
from cas_server.stores.redis_token_store import RedisTokenStore
from cas_server.stores.sentinels import Sentinels
from cas_server.tokens.record_keys import RecordKeys
from chassis import LiveConfig
from chassis.discovery import Address
from chassis.errors import TemporarilyUnavailable
from eventually import PATIENCE_S

pytestmark = pytest.mark.anyio
KEYS = RecordKeys(LiveConfig.fixed(CasSettings()))


class Stuck(ConnectionPool):
    """Neither provides a connection nor closes one."""

    async def get_connection(self, *_: Any, **__: Any) -> NoReturn:
        raise RedisTimeoutError

    async def disconnect(self, inuse_connections: bool = True) -> None:  # noqa: ARG002, FBT001, FBT002 - redis-py's
        raise RedisTimeoutError


class Moving:
    """Sentinels that name another primary at each call."""

    def __init__(self) -> None:
        self.asked = 0
        self.again = asyncio.Event()

    async def primary(self, _: str) -> Address:
        self.asked += 1
        if self.asked > 3:
            self.again.set()
        return Address(f"10.0.0.{self.asked}", 6379)

    async def aclose(self) -> None:
        """Close nothing."""


class StuckPrimaryPool(PrimaryPool, Stuck):
    """A stuck pool that follows a primary."""


async def test_a_connection_that_does_not_close_makes_the_store_unavailable() -> None:
    # clock: the connection never closes
    store = RedisTokenStore(Stuck(), DurabilitySettings(), KEYS, timeout=1)
    with pytest.raises(TemporarilyUnavailable):
        await store.access("0" * 64)


async def test_the_watch_continues_when_a_connection_does_not_close(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("cas_server.stores.primary_connection._WATCH_S", 0.001)
    moving = Moving()
    pool = StuckPrimaryPool(cast("Sentinels", moving), "suite")
    with pytest.raises(RedisTimeoutError):
        await pool.get_connection()
    await asyncio.wait_for(moving.again.wait(), PATIENCE_S)
    with pytest.raises(RedisTimeoutError):
        await pool.aclose()
