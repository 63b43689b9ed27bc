"""docs/design/reliability.md, "Redis away": 503 within a bound, and recovery by itself."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chassis.testing.redis_process import RedisProcess
from eventually import PATIENCE_S
from integration.cas_server.world import Cas, replicas
from redis_process import durable_redis, store
from suitectl.waiting import until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def lonely(
    identities: dict[str, object], tmp_path: Path
) -> AsyncIterator[tuple[Cas, RedisProcess]]:
    """One replica on a Redis of its own."""
    (tmp_path / "redis").mkdir()
    with durable_redis(tmp_path / "redis") as redis:
        settings = store(redis.port) | {"spring.data.redis.timeout": "300ms"}
        async with replicas(tmp_path / "config", identities, settings) as cas:
            yield cas, redis


async def _token(cas: Cas) -> str:
    """Have a token, also where a busy machine's Redis is once too slow for its short timeout."""

    async def issued() -> str | None:
        reply = await cas.post("/oauth/token", {"grant_type": "client_credentials"}, "demo-app")
        return str(reply.json()["access_token"]) if reply.is_success else None

    return await until(issued, what="a token", seconds=PATIENCE_S)


async def _away(cas: Cas, token: str) -> None:
    checked = await cas.check(token)
    issued = await cas.post("/oauth/token", {"grant_type": "client_credentials"}, "demo-app")
    for reply in (checked, issued):
        assert reply.status_code == 503
        assert reply.json()["error"] == "temporarily_unavailable"
        assert reply.headers["retry-after"]


async def _back(cas: Cas, token: str) -> None:
    async def works() -> bool:
        return (await cas.check(token)).status_code == 200

    assert await until(works, what="cas-server to recover", seconds=PATIENCE_S)


async def test_a_killed_redis_is_503_and_the_service_recovers_by_itself(
    lonely: tuple[Cas, RedisProcess],
) -> None:
    cas, redis = lonely
    token = await _token(cas)
    redis.stop()
    await _away(cas, token)
    redis.start()
    await _back(cas, token)


@pytest.mark.bound("redis-time")
async def test_a_hanging_redis_is_503_within_a_bound(lonely: tuple[Cas, RedisProcess]) -> None:
    cas, redis = lonely
    token = await _token(cas)
    redis.pause()
    await _away(cas, token)
    redis.resume()
    await _back(cas, token)
