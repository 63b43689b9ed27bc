"""Access tokens of the earlier form beside compact ones, and what either takes in a real Redis."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from cas_server.settings import CasSettings, DurabilitySettings
from cas_server.stores.redis_token_store import RedisTokenStore
from cas_server.stores.token_store import Bounds, Family, Presented, Rotation, TokenPair
from cas_server.tokens.access_tokens import Grant, Stamp, new_token, token_hash
from cas_server.tokens.record_keys import RecordKeys
from cas_server.tokens.refresh_tokens import new_family_id
from cas_server.tokens.token_pairs import Step, new_pair
from cas_server.tokens.token_records import earlier_name_of, name_of
from chassis import LiveConfig
from chassis.testing.redis_process import RedisProcess
from eventually import PATIENCE_S

pytestmark = pytest.mark.anyio
KEYS = RecordKeys(LiveConfig.fixed(CasSettings()))
BOUNDS = Bounds(tokens=100, families=10)
FORMS = [(True, False), (False, True)]
"""Which of two stores write compact records."""


class Stores:
    """Two stores on one Redis, and Redis itself."""

    def __init__(self, direct: Redis, compact: tuple[bool, bool]) -> None:
        self.direct = direct
        self.first, self.second = (_store(direct, compact=form) for form in compact)

    async def version(self) -> int:
        await self.first.change([], after=0, keep=1000)
        return (await self.first.identities()).version or 0


@pytest.fixture(params=FORMS, ids=["compact first", "earlier first"])
async def stores(own_redis: RedisProcess, request: pytest.FixtureRequest) -> AsyncIterator[Stores]:
    async with Redis(port=own_redis.port) as direct:
        yield Stores(direct, request.param)


async def test_each_store_reads_and_revokes_what_the_other_has_issued(stores: Stores) -> None:
    grant = Grant("app", ("read",), ("a",), (), since=await stores.version())
    for one, other in ((stores.first, stores.second), (stores.second, stores.first)):
        name, token = token_hash(new_token()), grant.stored(60)
        assert await one.issue(name, token, most=9)
        assert await stores.direct.exists(name_of(name), earlier_name_of(name)) == 1
        assert await other.access(name) == token
        await other.revoke_access(name, token)
        assert await one.access(name) is None
    assert await stores.direct.exists("g:t:app") == 0


async def test_the_bound_of_a_client_counts_both_forms(stores: Stores) -> None:
    grant = Grant("app", ("read",), ("a",), (), since=await stores.version())
    names = [token_hash(new_token()) for _ in range(6)]
    for number, name in enumerate(names):
        store = (stores.first, stores.second)[number % 2]
        assert await store.issue(name, grant.stored(60), most=3)
    alive = [await stores.first.access(name) is not None for name in names]
    assert alive == [False] * 3 + [True] * 3


async def test_a_record_of_the_earlier_form_that_was_changed_is_refused(stores: Stores) -> None:
    grant = Grant("app", ("read",), ("a",), (), since=await stores.version())
    for store in (stores.first, stores.second):
        name = token_hash(new_token())
        await store.issue(name, grant.stored(60), most=9)
        for key in (name_of(name), earlier_name_of(name)):
            record = bytes(await stores.direct.get(key) or b"")  # type: ignore[arg-type]  # decodes nothing
            if record:
                await stores.direct.set(key, record.replace(b"read", b"root"), ex=60)
        assert await stores.second.access(name) is None


@pytest.mark.parametrize("how", ["revoked", "reused", "evicted"])
async def test_the_end_of_a_family_ends_tokens_of_both_forms(stores: Stores, how: str) -> None:
    first, presented = _begun(await stores.version())
    assert await stores.first.begin(first, BOUNDS)
    second, newest = _next(first, presented)
    old = Presented(first.refresh_hash, 1)
    assert await stores.second.rotate(old, second, BOUNDS, grace=0) == Rotation("rotated")
    assert await stores.first.access(first.access_hash) == first.access, "both are live"
    if how == "revoked":
        await stores.first.revoke_family(first.family)
    elif how == "reused":
        third, _ = _next(second, newest)
        assert await stores.first.rotate(old, third, BOUNDS, grace=0) == Rotation("reused")
    else:
        other, _ = _begun(first.access.since)
        assert await stores.first.begin(other, Bounds(tokens=100, families=1))
        await stores.first.revoke_access(other.access_hash, other.access)
    for pair in (first, second):
        assert await stores.second.access(pair.access_hash) is None
    assert await stores.direct.zcard("g:t:app") == 0


async def test_the_oldest_tokens_of_a_family_are_evicted_in_either_form(stores: Stores) -> None:
    pair, presented = _begun(await stores.version())
    assert await stores.first.begin(pair, BOUNDS)
    names = [pair.access_hash]
    for number in range(6):
        following, newest = _next(pair, presented)
        store, old = (stores.second, stores.first)[number % 2], _presented(pair)
        assert await store.rotate(old, following, BOUNDS, grace=0) == Rotation("rotated")
        pair, presented = following, newest
        names.append(pair.access_hash)
    alive = [await stores.first.access(name) is not None for name in names]
    assert alive == [False] * 2 + [True] * 5
    assert await stores.direct.zcard("g:t:app") == 5


@pytest.mark.bound("token-size")
async def test_a_live_token_takes_no_more_than_its_bound_in_redis(own_redis: RedisProcess) -> None:
    """All that Redis allocates: record, key, their entries and expiry, and the index."""
    clients, each = 4, 4_000
    async with Redis(port=own_redis.port) as direct:
        stores = Stores(direct, (True, True))
        version = await stores.version()
        empty = await _used(direct)
        for number in range(clients):
            name = f"service-{number:04d}"
            grant = Grant(name, ("read", "write"), (name, "orders-service"), ("ROLE_CLIENT",))
            token = grant.stamped(Stamp(version, version)).stored(600)
            for _ in range(each // 500):
                issued = (
                    stores.first.issue(token_hash(new_token()), token, most=each)
                    for _ in range(500)
                )
                assert all(await asyncio.gather(*issued))
        indexes = [
            int(await direct.memory_usage(f"g:t:service-{number:04d}", samples=0) or 0)
            for number in range(clients)
        ]
        assert await direct.dbsize() >= clients * each
        both, index = (await _used(direct) - empty) / (clients * each), sum(indexes)
    assert both <= 500
    assert both - index / (clients * each) <= 350


def _store(direct: Redis, *, compact: bool) -> RedisTokenStore:
    durability = DurabilitySettings()
    return RedisTokenStore(
        direct.connection_pool, durability, KEYS, timeout=PATIENCE_S, compact=lambda: compact
    )


async def _used(direct: Redis) -> int:
    return int((await direct.info("memory"))["used_memory"])


def _begun(version: int) -> tuple[TokenPair, str]:
    grant = Grant("app", ("read",), ("a",), (), "alice", "f" * 16, "password")
    family = Family(new_family_id(), grant, int(time.time()) + 1000)
    pair, response = new_pair(KEYS, family, grant, Step(1, "", 600, 500))
    return pair.stamped(Stamp(version, 0)), str(response.refresh_token)


def _next(pair: TokenPair, presented: str) -> tuple[TokenPair, str]:
    step = Step(pair.number + 1, presented, access_validity=600, idle_seconds=500)
    following, response = new_pair(KEYS, pair.family, pair.family.grant, step)
    return following.stamped(Stamp(pair.access.since, 0)), str(response.refresh_token)


def _presented(pair: TokenPair) -> Presented:
    return Presented(pair.refresh_hash, pair.number)
