"""docs/design/reliability.md, "Redis away": 503 within a bound, and recovery by itself."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import yaml

from cas_server.app import create_app
from cas_server.settings import CasSettings
from chassis import LiveConfig
from chassis.config import ConfigSource
from eventually import PATIENCE_S
from integration.cas_server.world import Cas
from redis_process import RedisProcess
from served import served
from suitectl.waiting import until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def lonely(
    identities: dict[str, object], tmp_path: Path
) -> AsyncIterator[tuple[Cas, RedisProcess]]:
    """One replica on a Redis of its own."""
    (tmp_path / "redis").mkdir()
    redis = RedisProcess(tmp_path / "redis")
    redis.start()
    config = tmp_path / "config"
    config.mkdir()
    (config / "application.yaml").write_text(yaml.safe_dump(identities))
    arguments = {
        "spring.data.redis.host": "127.0.0.1",
        "spring.data.redis.port": str(redis.port),
        "spring.data.redis.timeout": "300ms",
    }
    source = ConfigSource("cas-server", config_dir=config, arguments=arguments)
    app = create_app(LiveConfig.load(source, CasSettings))
    async with served(app) as urls, httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as http:
        yield Cas(config, identities, urls, http), redis
    redis.stop()


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
