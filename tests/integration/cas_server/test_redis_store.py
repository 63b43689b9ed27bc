"""The token store on a real Redis: each state change is one step, and can be sent twice."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from cas_server.lineage import new_family, successor
from cas_server.record_keys import RecordKeys
from cas_server.settings import CasSettings, DurabilitySettings
from cas_server.stores import Lineage, RedisTokenStore
from cas_server.tokens import Grant, new_token, token_hash
from chassis import LiveConfig
from chassis.errors import TemporarilyUnavailable

pytestmark = pytest.mark.anyio
KEYS = RecordKeys(LiveConfig.fixed(CasSettings()))
GRANT = Grant("app", ("read",), ("a",), (), "alice", "f" * 16)


@pytest.fixture
async def store(redis: int) -> AsyncIterator[RedisTokenStore]:
    kept = RedisTokenStore(Redis(port=redis), DurabilitySettings(), KEYS, timeout=5)
    yield kept
    await kept.aclose()


def _family() -> tuple[Lineage, str]:
    ends_at = int(time.time()) + 1000
    lineage, answer = new_family(GRANT, access_validity=600, ends_at=ends_at, idle_seconds=500)
    return lineage, str(answer.refresh_token)


def _next(lineage: Lineage, presented: str) -> tuple[Lineage, str]:
    following, answer = successor(
        lineage.refresh, presented, GRANT, access_validity=600, idle_seconds=500
    )
    return following, str(answer.refresh_token)


def _ended(lineage: Lineage) -> Lineage:
    """Return the same with an access token that is over."""
    return replace(lineage, access=lineage.access._replace(expires_at=int(time.time()) - 10))


async def test_rotation_that_is_sent_again_changes_nothing(store: RedisTokenStore) -> None:
    """RELIABILITY, rule 3: commands are retried after sending."""
    first, presented = _family()
    await store.begin(first)
    second, _ = _next(first, presented)
    for _ in range(2):
        rotation = await store.rotate(token_hash(presented), second, grace=0)
        assert rotation.outcome == "rotated"
    assert await store.access(second.access_hash) == second.access


async def test_lineage_does_not_grow_with_its_age(store: RedisTokenStore, redis: int) -> None:
    lineage, presented = _family()
    await store.begin(lineage)
    for _ in range(20):
        following, fresh = _next(lineage, presented)
        await store.rotate(token_hash(presented), _ended(following), grace=0)
        lineage, presented = following, fresh
    async with Redis(port=redis) as direct:
        members = await direct.zcard(f"f:{lineage.refresh.family}")
    assert members == 3, "the family, the first access token, and the last, which just ended"


async def test_unknown_refresh_token_is_told_as_such(store: RedisTokenStore) -> None:
    lineage, _ = _family()
    rotation = await store.rotate(token_hash(new_token()), lineage, grace=10)
    assert rotation.outcome == "unknown"
    assert await store.access(lineage.access_hash) is None


async def test_ended_family_takes_all_with_it(store: RedisTokenStore) -> None:
    first, presented = _family()
    await store.begin(first)
    second, _ = _next(first, presented)
    await store.rotate(token_hash(presented), second, grace=10)
    await store.revoke_family(first.refresh.family)
    third, _ = _next(first, presented)
    assert (await store.rotate(token_hash(presented), third, grace=10)).outcome == "unknown"
    for lineage in (first, second, third):
        assert await store.access(lineage.access_hash) is None


async def test_too_few_replicas_is_503_with_retry_after(redis: int) -> None:
    """RELIABILITY, rule 2: fewer acknowledgements than `durability.wait-replicas`."""
    durability = DurabilitySettings(wait_replicas=1, wait_timeout=0.05)
    store = RedisTokenStore(Redis(port=redis), durability, KEYS, timeout=5)
    with pytest.raises(TemporarilyUnavailable) as refused:
        await store.issue(token_hash(new_token()), GRANT.stored(60))
    await store.aclose()
    assert refused.value.headers["Retry-After"]


async def test_many_looks_at_once_need_no_connection_each(redis: int) -> None:
    """More refreshes at once than there are connections were once told as an outage."""
    few = Redis(port=redis, max_connections=4)
    store = RedisTokenStore(few, DurabilitySettings(), KEYS, timeout=5)
    found = await asyncio.gather(*(store.refresh(f"unknown-{number}") for number in range(300)))
    assert found == [None] * 300
    await store.aclose()
