"""What a live access token takes in Redis, and what a look-up among many costs.

BENCH_TOKENS sets how many there are.
"""

import asyncio
import os
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pydantic import SecretStr
from redis.asyncio import Redis

from bench.row import Row, Sample
from bench.stack import Stack
from cas_server.settings import CasSettings, DurabilitySettings
from cas_server.stores.redis_token_store import RedisTokenStore
from cas_server.tokens.access_tokens import Grant, Stamp, new_token, token_hash
from cas_server.tokens.record_keys import RecordKeys
from chassis import LiveConfig
from chassis.testing.redis_process import RedisProcess

TOKENS = int(os.environ.get("BENCH_TOKENS", "1000000"))
CLIENTS, FEW, AT_ONCE = 100, 1_000, 500
LIMIT, LIMIT_WITH_INDEX = 350.0, 500.0
_LOOK_UPS = 20_000
_measured: dict[str, Sample] = {}


def _measure(stack: Stack, _runs: int, figure: str) -> list[Sample]:
    """Fill a Redis once for all figures."""
    if not _measured:
        stack.say(f"storing {TOKENS:,} tokens of {CLIENTS} clients")
        _measured.update(asyncio.run(_figures()))
    return [_measured[figure]]


async def _figures() -> dict[str, Sample]:
    with (
        tempfile.TemporaryDirectory() as directory,
        RedisProcess(Path(directory), "--maxmemory", "1gb") as process,
    ):
        async with Redis(port=process.port) as redis:
            return await _filled(redis)


async def _filled(redis: Redis) -> dict[str, Sample]:
    settings = CasSettings(record_keys=(SecretStr(secrets.token_urlsafe(32)),))
    keys = RecordKeys(LiveConfig.fixed(settings))
    store = RedisTokenStore(redis.connection_pool, DurabilitySettings(), keys, timeout=30)
    await store.change([], after=0, keep=86_400)
    version = (await store.identities()).version or 0
    empty = await _used(redis)
    names = await issue(store, "few", FEW, version)
    few = await _look_up_us(redis, store, names)
    each = max(TOKENS // CLIENTS, 1)
    for number in range(CLIENTS):
        names += await issue(store, f"service-{number:04d}", each, version)
    used = (await _used(redis) - empty) / len(names)
    indexes = [
        int(await redis.memory_usage(key, samples=0) or 0)
        async for key in redis.scan_iter("g:t:*", count=10_000)
    ]
    many = await _look_up_us(redis, store, names[:: len(names) // FEW][:FEW])
    return {
        "record": Sample(used - sum(indexes) / len(names), LIMIT),
        "all": Sample(used, LIMIT_WITH_INDEX),
        "look-up": Sample(many, few),
    }


async def issue(store: RedisTokenStore, client: str, count: int, version: int) -> list[str]:
    """Store tokens of one client; return their names."""
    grant = Grant(client, ("read", "write"), (client, "orders-service"), ("ROLE_CLIENT",))
    token = grant.stamped(Stamp(version, 0)).stored(36_000)
    names = [token_hash(new_token()) for _ in range(count)]
    for start in range(0, count, AT_ONCE):
        some = names[start : start + AT_ONCE]
        await asyncio.gather(*(store.issue(name, token, most=20_000) for name in some))
    return names


async def _look_up_us(redis: Redis, store: RedisTokenStore, names: Sequence[str]) -> float:
    """Return the µs of Redis' CPU for each look-up."""
    before = await _cpu_s(redis)
    for start in range(0, _LOOK_UPS, 50):
        place = start % len(names)
        found = await asyncio.gather(*map(store.access, names[place : place + 50]))
        if None in found:
            raise RuntimeError("a live token was not found")
    return (await _cpu_s(redis) - before) / _LOOK_UPS * 1_000_000


async def _cpu_s(redis: Redis) -> float:
    found = await redis.info("cpu")
    return float(found["used_cpu_user"] + found["used_cpu_sys"])


async def _used(redis: Redis) -> int:
    return int((await redis.info("memory"))["used_memory"])


def _row(title: str, figure: str, limit: float | None) -> Row:
    def measure(stack: Stack, runs: int) -> list[Sample]:
        return _measure(stack, runs, figure)

    return Row(
        title=title,
        limit_title="limit" if limit else "among 1,000",
        unit="bytes" if limit else "µs",
        target=limit or 1.1,
        at_most=True,
        measure=measure,
        as_ratio=not limit,
    )


ROWS = (
    _row(f"Redis, one of {TOKENS:,} live tokens", "record", LIMIT),
    _row(f"Redis, one of {TOKENS:,} live tokens, with its index", "all", LIMIT_WITH_INDEX),
    _row(f"Redis, a look-up among {TOKENS:,}", "look-up", None),
)
