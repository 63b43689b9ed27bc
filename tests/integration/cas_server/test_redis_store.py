"""The token store on a real Redis: each state change is atomic and idempotent."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from redis.asyncio import ConnectionPool, Redis
from structlog.testing import capture_logs

from cas_server.errors import Unconfirmed
from cas_server.settings import CasSettings, DurabilitySettings
from cas_server.stores import identity_commands
from cas_server.stores.redis_token_store import RedisTokenStore
from cas_server.stores.token_store import (
    Bounds,
    Change,
    Family,
    FamilyState,
    Presented,
    Rotation,
    TokenPair,
)
from cas_server.tokens.access_tokens import Grant, Stamp, new_token, token_hash
from cas_server.tokens.record_keys import RecordKeys
from cas_server.tokens.refresh_tokens import new_family_id
from cas_server.tokens.token_pairs import Step, new_pair
from cas_server.tokens.token_records import name_of
from chassis import LiveConfig
from chassis.errors import TemporarilyUnavailable
from eventually import PATIENCE_S

pytestmark = pytest.mark.anyio
KEYS = RecordKeys(LiveConfig.fixed(CasSettings()))
BOUNDS = Bounds(tokens=100, families=10)
GRANT = Grant("app", ("read",), ("a",), (), "alice", "f" * 16)


@pytest.fixture
async def store(redis: int) -> AsyncIterator[RedisTokenStore]:
    found = RedisTokenStore(
        ConnectionPool(port=redis), DurabilitySettings(), KEYS, timeout=PATIENCE_S
    )
    yield found
    await found.aclose()


def _family(**more: int) -> tuple[TokenPair, str]:
    ends_at = int(time.time()) + 1000
    validity = {"access_validity": 600, "idle_seconds": 500, **more}
    family = Family(new_family_id(), GRANT, ends_at)
    pair, response = new_pair(KEYS, family, GRANT, Step(1, "", **validity))
    return pair, str(response.refresh_token)


async def _begun(store: RedisTokenStore, bounds: Bounds = BOUNDS) -> tuple[TokenPair, str]:
    pair, presented = _family()
    pair = pair.stamped(Stamp(await _version(store), 0))
    assert await store.begin(pair, bounds)
    return pair, presented


async def _version(store: RedisTokenStore) -> int:
    """Return the version of the identities, or the first version if there is none yet."""
    if (version := (await store.identities()).version) is None:
        await store.change([], after=0, keep=1000)
        version = (await store.identities()).version
    return version or 0


def _next(pair: TokenPair, presented: str) -> tuple[TokenPair, str]:
    step = Step(pair.number + 1, presented, access_validity=600, idle_seconds=500)
    following, response = new_pair(KEYS, pair.family, GRANT, step)
    return following.stamped(Stamp(pair.access.since, 0)), str(response.refresh_token)


def _presented(pair: TokenPair) -> Presented:
    return Presented(pair.refresh_hash, pair.number)


async def _rotated(
    store: RedisTokenStore, pair: TokenPair, presented: str, *, grace: float = 0
) -> tuple[TokenPair, str]:
    following, fresh = _next(pair, presented)
    rotation = await store.rotate(_presented(pair), following, BOUNDS, grace=grace)
    assert rotation == Rotation("rotated")
    return following, fresh


async def test_a_rotation_that_is_sent_again_changes_nothing(store: RedisTokenStore) -> None:
    """docs/design/reliability.md, "Writes": commands may be repeated."""
    first, presented = await _begun(store)
    second, _ = _next(first, presented)
    for _ in range(2):
        rotation = await store.rotate(_presented(first), second, BOUNDS, grace=0)
        assert rotation == Rotation("rotated")
    assert await store.access(second.access_hash) == second.access
    state = await store.family(first.family.id)
    assert state is not None
    assert state.number == 2


async def test_a_repeated_begin_or_issue_has_one_effect(store: RedisTokenStore) -> None:
    """docs/design/reliability.md, "Writes"."""
    first, _ = await _begun(store)
    assert await store.begin(first, Bounds(tokens=1, families=1))
    assert await store.issue(first.access_hash, first.access, most=1)
    assert await store.access(first.access_hash) == first.access
    assert await store.family(first.family.id) == FamilyState(first.family, 1)


async def test_a_reuse_that_is_sent_again_is_reported_again(store: RedisTokenStore) -> None:
    """The first response may be lost, and only a response leads to an audit event."""
    first, presented = await _begun(store)
    await _rotated(store, first, presented)
    forged, _ = _next(first, presented)
    for _ in range(2):
        rotation = await store.rotate(_presented(first), forged, BOUNDS, grace=0)
        assert rotation == Rotation("reused")
    other, _ = _next(first, presented)
    rotation = await store.rotate(_presented(first), other, BOUNDS, grace=0)
    assert rotation == Rotation("unknown")


async def test_a_change_of_identities_that_is_sent_again_is_reported_as_made(redis: int) -> None:
    """The replica that made the change is the only one to audit it."""
    user = Change(f"user:{new_token()}", None, "mark", ends=False)
    command = identity_commands.change([user], after=0, keep=1000)
    async with Redis(port=redis) as direct:
        assert [await direct.eval(*command[1:]) for _ in range(2)] == [1, 1]
        again = identity_commands.change([user], after=0, keep=1000)
        assert await direct.eval(*again[1:]) == 0


async def test_the_newest_token_survives_a_clock_of_redis_that_goes_backwards(
    store: RedisTokenStore, redis: int
) -> None:
    """This happens after a failover to another machine."""
    await _version(store)
    first, _ = await _begun(store)
    second, _ = await _begun(store)
    ahead = (time.time() + 3600) * 1_000_000
    async with Redis(port=redis) as direct:
        await direct.delete("g:t:app", "g:f:app:alice")
        for at, one in enumerate((first, second)):
            await direct.zadd("g:t:app", {bytes.fromhex(one.access_hash): ahead + at})
            await direct.zadd("g:f:app:alice", {one.family.id: ahead + at})
    third, _ = await _begun(store, Bounds(tokens=2, families=2))
    for one, is_there in ((first, False), (second, True), (third, True)):
        assert (await store.access(one.access_hash) is not None) is is_there
        assert (await store.family(one.family.id) is not None) is is_there


async def test_no_token_is_issued_under_an_older_version_of_the_identities(
    store: RedisTokenStore,
) -> None:
    first, presented = await _begun(store)
    second, _ = _next(first, presented)
    older = second.stamped(Stamp(1, 0))
    assert await store.rotate(_presented(first), older, BOUNDS, grace=0) is None
    assert not await store.begin(_family()[0].stamped(Stamp(1, 0)), BOUNDS)
    assert not await store.issue(older.access_hash, older.access, most=9)
    assert await store.access(older.access_hash) is None
    assert await store.family(first.family.id) == FamilyState(first.family, 1)


async def test_tokens_issued_in_one_batch_succeed_or_fail_separately(
    store: RedisTokenStore, redis: int
) -> None:
    """Several clients, some with an older version. The oldest tokens over the bound are evicted."""
    version = await _version(store)
    one, other = (Grant(f"{n}-{version}", ("read",), ("a",), (), since=version) for n in "ab")
    stale = replace(other, since=1)
    grants = [one, other, stale, one, other, stale, one]
    names = [token_hash(new_token()) for _ in grants]
    issued = await asyncio.gather(
        *(store.issue(n, g.stored(60), most=2) for n, g in zip(names, grants, strict=True))
    )
    assert issued == [grant is not stale for grant in grants]
    alive = [await store.access(name) is not None for name in names]
    assert alive == [False, True, False, True, True, False, True]
    async with Redis(port=redis) as direct:
        assert await direct.zrange(f"g:t:{one.client_id}", 0, -1) == [
            bytes.fromhex(names[place]) for place in (3, 6)
        ]


async def test_a_key_of_another_type_fails_only_its_own_client(
    store: RedisTokenStore, redis: int
) -> None:
    version = await _version(store)
    one, other = (Grant(f"{n}-{version}", ("read",), ("a",), (), since=version) for n in "cd")
    async with Redis(port=redis) as direct:
        await direct.set(f"g:t:{one.client_id}", "foreign", ex=60)
    grants, name = (one, other, one), token_hash(new_token())
    with capture_logs() as logs:
        outcomes = await asyncio.gather(
            *(store.issue(f"{n}{name[1:]}", g.stored(60), most=9) for n, g in enumerate(grants)),
            return_exceptions=True,
        )
    assert [line["log_level"] for line in logs] == ["error"], "one line a minute"
    assert [type(outcome) for outcome in outcomes] == [
        TemporarilyUnavailable,
        bool,
        TemporarilyUnavailable,
    ]
    assert outcomes[1] is True


@pytest.mark.bound("family-size")
async def test_the_memory_of_a_family_does_not_grow_with_rotations(
    store: RedisTokenStore, redis: int
) -> None:
    """At most 1 KiB besides its valid tokens. Every earlier token is recognized."""
    first, presented = await _begun(store)
    pair = first
    async with Redis(port=redis) as direct:
        for number in range(1, 400):
            pair, presented = await _rotated(store, pair, presented)
            if number == 20:
                settled = await _memory(direct, pair)
        assert await _memory(direct, pair) <= settled + 16, "a number may have more digits"
        live = await direct.hget(f"f:{pair.family.id}", "live")
        assert await _memory(direct, pair) - len(live or b"") <= 1024
        assert await direct.zcard("g:t:app") <= 5 + 3, "5 of this family, and the earlier ones"
    reused = await store.rotate(_presented(first), _next(pair, presented)[0], BOUNDS, grace=9)
    assert reused == Rotation("reused")
    assert await store.family(first.family.id) is None
    assert await store.access(pair.access_hash) is None


async def _memory(direct: Redis, pair: TokenPair) -> int:
    """Return the memory of a family in Redis, including its entry in the user's index."""
    own = await direct.memory_usage(f"f:{pair.family.id}", samples=0)
    return int(own or 0) + 64


@pytest.mark.bound("tokens-per-family")
async def test_the_oldest_access_token_of_a_family_is_evicted(store: RedisTokenStore) -> None:
    pair, presented = await _begun(store)
    names = [pair.access_hash]
    for _ in range(6):
        pair, presented = await _rotated(store, pair, presented)
        names.append(pair.access_hash)
    alive = [await store.access(name) is not None for name in names]
    assert alive == [False] * 2 + [True] * 5


async def test_an_older_refresh_token_within_the_grace_window_is_reuse(
    store: RedisTokenStore,
) -> None:
    """A client that used R2 has received the response to R1, so R1 is not a retry."""
    first, r1 = await _begun(store)
    second, r2 = await _rotated(store, first, r1, grace=60)
    again, _ = _next(first, r1)
    repeated = await store.rotate(_presented(first), again, BOUNDS, grace=60)
    assert repeated is not None
    assert repeated.outcome == "repeated"
    third, _ = await _rotated(store, second, r2, grace=60)
    assert await store.rotate(_presented(first), again, BOUNDS, grace=60) == Rotation("reused")
    for pair in (first, second, third):
        assert await store.access(pair.access_hash) is None


async def test_a_token_of_the_family_that_is_not_its_newest_is_reuse(
    store: RedisTokenStore,
) -> None:
    """This happens after an older record was restored."""
    first, presented = await _begun(store)
    following, _ = _next(first, presented)
    unseen = Presented(token_hash(new_token()), 7)
    assert await store.rotate(unseen, following, BOUNDS, grace=60) == Rotation("reused")
    assert await store.family(first.family.id) is None


@pytest.mark.bound("opened-records")
async def test_the_cache_of_opened_records_is_bounded_and_compares_bytes(
    store: RedisTokenStore, redis: int
) -> None:
    version = await _version(store)
    token = Grant(f"many-{version}", ("read",), ("a",), (), since=version).stored(60)
    names = [token_hash(new_token()) for _ in range(1100)]
    await asyncio.gather(*(store.issue(name, token, most=2000) for name in names))
    found = await asyncio.gather(*(store.access(name) for name in names))
    assert set(found) == {token}
    assert len(store._reads._opened) == 1024
    async with Redis(port=redis) as direct:
        await direct.append(name_of(names[-1]), "x")
    assert await store.access(names[-1]) is None


@pytest.mark.bound("tokens-per-client")
async def test_the_oldest_token_of_a_client_is_evicted(store: RedisTokenStore) -> None:
    version, names = await _version(store), []
    grant = Grant(f"bounded-{version}", ("read",), ("a",), (), since=version)
    for number in range(7):
        names.append(f"{number:064d}")
        assert await store.issue(names[-1], grant.stored(60), most=3)
    alive = [await store.access(name) is not None for name in names]
    assert alive == [False] * 4 + [True] * 3


async def test_expired_tokens_are_evicted_before_a_valid_one(
    store: RedisTokenStore, redis: int
) -> None:
    version = await _version(store)
    grant = Grant(f"revoking-{version}", ("read",), ("a",), (), since=version)
    first, token = token_hash(new_token()), grant.stored(60)
    await store.issue(first, token, most=3)
    for _ in range(5):
        name = token_hash(new_token())
        await store.issue(name, token, most=3)
        await store.revoke_access(name, token)
    assert await store.access(first) is not None
    async with Redis(port=redis) as direct:
        assert await direct.zcard(f"g:t:{grant.client_id}") == 1


async def test_expired_tokens_are_evicted_before_an_older_valid_one(
    store: RedisTokenStore, redis: int
) -> None:
    """This happens after `access-token-validity` was lowered."""
    version = await _version(store)
    grant = Grant(f"lowered-{version}", ("read",), ("a",), (), since=version)
    first = token_hash(new_token())
    await store.issue(first, grant.stored(1000), most=5)
    async with Redis(port=redis) as direct:
        for _ in range(12):
            name = token_hash(new_token())
            await store.issue(name, grant.stored(60), most=5)
            await direct.delete(name_of(name))
    assert await store.access(first) is not None


async def test_the_index_of_a_client_is_bounded_and_has_a_ttl(
    store: RedisTokenStore, redis: int
) -> None:
    """This also holds after the bound was lowered."""
    version = await _version(store)
    grant = Grant(f"narrowed-{version}", ("read",), ("a",), (), since=version)
    names = [token_hash(new_token()) for _ in range(300)]
    for name in names:
        await store.issue(name, grant.stored(60), most=1000)
    for _ in range(4):
        await store.issue(token_hash(new_token()), grant.stored(60), most=10)
    async with Redis(port=redis) as direct:
        assert await direct.zcard(f"g:t:{grant.client_id}") == 10
        assert 60 < await direct.ttl(f"g:t:{grant.client_id}") <= 180
    assert await store.access(names[0]) is None


@pytest.mark.bound("families-per-user")
async def test_the_oldest_family_of_a_user_and_client_is_evicted_with_its_tokens(
    store: RedisTokenStore,
) -> None:
    bounds = Bounds(tokens=100, families=2)
    begun = [await _begun(store, bounds) for _ in range(4)]
    alive = [await store.family(pair.family.id) is not None for pair, _ in begun]
    assert alive == [False, False, True, True]
    alive = [await store.access(pair.access_hash) is not None for pair, _ in begun]
    assert alive == [False, False, True, True]


async def test_a_family_that_ended_by_reuse_does_not_count(
    store: RedisTokenStore, redis: int
) -> None:
    """Otherwise it would evict an active family of the same user and client."""
    first, presented = await _begun(store)
    following, _ = await _rotated(store, first, presented)
    reused = await store.rotate(_presented(first), _next(following, presented)[0], BOUNDS, grace=0)
    assert reused == Rotation("reused")
    async with Redis(port=redis) as direct:
        assert await direct.zscore("g:f:app:alice", first.family.id) is None


async def test_an_unknown_family_is_reported_as_unknown(store: RedisTokenStore) -> None:
    pair, _ = _family()
    rotation = await store.rotate(_presented(pair), pair, BOUNDS, grace=10)
    assert rotation == Rotation("unknown")
    assert await store.access(pair.access_hash) is None


async def test_ending_a_family_deletes_all_its_tokens(store: RedisTokenStore) -> None:
    first, presented = await _begun(store)
    second, _ = await _rotated(store, first, presented, grace=10)
    await store.revoke_family(first.family)
    third, _ = _next(first, presented)
    ended = await store.rotate(_presented(first), third, BOUNDS, grace=10)
    assert ended == Rotation("unknown")
    for pair in (first, second, third):
        assert await store.access(pair.access_hash) is None


@pytest.mark.parametrize("state", ["", "garbage", "1 2", "x y z -"])
async def test_an_overwritten_state_is_not_a_family(
    store: RedisTokenStore, redis: int, state: str
) -> None:
    first, presented = await _begun(store)
    async with Redis(port=redis) as direct:
        await direct.hset(f"f:{first.family.id}", "state", state)
    assert await store.family(first.family.id) is None
    following, _ = _next(first, presented)
    rotation = await store.rotate(_presented(first), following, BOUNDS, grace=0)
    assert rotation is not None
    assert rotation.outcome in ("unknown", "reused")


async def test_too_few_replicas_are_503_with_retry_after(redis: int) -> None:
    """docs/design/reliability.md, "Writes": too few replicas acknowledge."""
    durability = DurabilitySettings(wait_replicas=1, wait_timeout=0.05)
    store = RedisTokenStore(ConnectionPool(port=redis), durability, KEYS, timeout=PATIENCE_S)
    with pytest.raises(TemporarilyUnavailable) as refused:
        await store.issue(token_hash(new_token()), GRANT.stored(60), most=9)
    await store.aclose()
    assert refused.value.headers["Retry-After"]


async def test_a_reuse_is_reported_whether_or_not_replicas_confirm_it(
    store: RedisTokenStore, redis: int
) -> None:
    """The next use finds the family ended, so only the first use can report the reuse."""
    first, presented = await _begun(store)
    await _rotated(store, first, presented)
    durability = DurabilitySettings(wait_replicas=1, wait_timeout=0.05)
    alone = RedisTokenStore(ConnectionPool(port=redis), durability, KEYS, timeout=PATIENCE_S)
    forged, _ = _next(first, presented)
    rotation = await alone.rotate(_presented(first), forged, BOUNDS, grace=0)
    assert rotation == Rotation("reused")
    other, _ = _next(first, presented)
    with pytest.raises(Unconfirmed):
        await alone.rotate(_presented(first), other, BOUNDS, grace=0)
    await alone.aclose()


async def test_concurrent_reads_share_connections(redis: int) -> None:
    """Regression: more concurrent refreshes than connections were reported as an outage."""
    few = ConnectionPool(port=redis, max_connections=4)
    store = RedisTokenStore(few, DurabilitySettings(), KEYS, timeout=PATIENCE_S)
    found = await asyncio.gather(*(store.family(f"unknown-{number}") for number in range(300)))
    assert found == [None] * 300
    await store.aclose()


async def test_two_commands_evict_tokens_however_many_they_are(
    store: RedisTokenStore, redis: int
) -> None:
    grant = Grant("app", ("read",), ("a",), ()).stamped(Stamp(await _version(store), 0))
    names = [token_hash(new_token()) for _ in range(60)]
    await asyncio.gather(*(store.issue(name, grant.stored(60), most=30) for name in names[:30]))
    async with Redis(port=redis) as client:
        await client.config_resetstat()
        await asyncio.gather(*(store.issue(n, grant.stored(60), most=30) for n in names[30:]))
        calls = await client.info("commandstats")

    assert calls["cmdstat_del"]["calls"] == calls["cmdstat_zrem"]["calls"] == 1
    assert [await store.access(name) is None for name in names] == [True] * 30 + [False] * 30
