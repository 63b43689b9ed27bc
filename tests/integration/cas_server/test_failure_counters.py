"""Failure counters and waits behave the same in Redis and in a single replica."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from redis.asyncio import Redis

from cas_server.throttling import failure_counters as failures
from cas_server.throttling.failure_counters import (
    ADDRESS,
    COUNTERS,
    LIMITS,
    NAME,
    PAIR,
    Admission,
    Attempt,
    FailureCounters,
    Kind,
    Outcome,
)
from cas_server.throttling.local_failure_counters import LocalFailureCounters
from cas_server.throttling.shared_failure_counters import (
    RedisFailureCounters,
    SharedFailureCounters,
)
from chassis.errors import TemporarilyUnavailable
from redis_process import AS_CAS_SERVER

pytestmark = pytest.mark.anyio
HERE, ELSEWHERE = "10.0.0.1", "10.0.0.2"


@dataclass
class World:
    """Counters, and a way to let all their waits expire."""

    counters: FailureCounters
    lapse: Callable[[], Awaitable[None]]

    async def try_(
        self, name: str, address: str, outcome: Outcome = Outcome.FAILED, kind: Kind = Kind.USER
    ) -> Admission:
        attempt = Attempt.of(kind, name, address)
        admission = await self.counters.admit(attempt)
        if not (admission.wait or admission.busy):
            await self.counters.settle(attempt, outcome)
        return admission

    async def fail(self, name: str, address: str, times: int) -> None:
        """Record so many failures, letting each wait expire."""
        for _ in range(times):
            if (await self.try_(name, address)).wait:
                await self.lapse()
                assert not (await self.try_(name, address)).wait

    async def ask(self, name: str, address: str, kind: Kind = Kind.USER) -> Admission:
        return await self.try_(name, address, Outcome.WITHDRAWN, kind)


@pytest.fixture
async def store(redis: int) -> AsyncIterator[Redis]:
    """Log in as the test user, which may read everything."""
    async with Redis(port=redis) as client:
        await client.flushall()
        yield client


@pytest.fixture(params=["redis", "alone"])
async def world(request: pytest.FixtureRequest, redis: int, store: Redis) -> AsyncIterator[World]:
    now = 0.0

    async def pass_time() -> None:
        nonlocal now
        now += PAIR.most

    async def end_waits() -> None:
        for key in [f"w:{kind}:{counter}" for kind in Kind for counter in COUNTERS]:
            entries: dict[Any, Any] = await store.hgetall(key)
            for digest, entry in entries.items():
                failed, _, rest = entry.split(b" ", 2)
                await store.hset(key, digest, b" ".join((failed, b"0", rest)))

    if request.param == "alone":
        yield World(LocalFailureCounters(clock=lambda: now), pass_time)
        return
    user, password = AS_CAS_SERVER.values()
    async with Redis(port=redis, username=user, password=password, driver_info=None) as client:
        yield World(RedisFailureCounters(client.connection_pool), end_waits)


async def test_a_pair_waits_longer_after_each_failure_beyond_its_free_ones(world: World) -> None:
    await world.fail("alice", HERE, PAIR.free)
    waits = []
    for _ in range(6):
        waits.append(round((await world.ask("alice", HERE)).wait))
        await world.lapse()
        await world.try_("alice", HERE)
    assert waits == [60, 120, 240, 480, 900, 900]


async def test_the_owner_logs_in_from_an_address_without_failures(world: World) -> None:
    for guesser in range(NAME.free + 5):
        await world.fail("alice", f"10.0.1.{guesser}", 2)
    assert (await world.ask("alice", ELSEWHERE)).wait == 0
    assert (await world.ask("alice", ELSEWHERE)).clean


async def test_one_or_two_mistakes_do_not_lock_out_the_owner_of_a_guessed_name(
    world: World,
) -> None:
    for guesser in range(NAME.free + 5):
        await world.fail("alice", f"10.0.1.{guesser}", 2)
    await world.fail("alice", ELSEWHERE, 2)
    assert (await world.ask("alice", ELSEWHERE)).wait == 0


@pytest.mark.bound("wrong-secrets-of-a-name")
async def test_addresses_that_guess_one_name_share_a_wait(world: World) -> None:
    for guesser in range(NAME.free // 3 + 1):
        await world.fail("alice", f"10.0.1.{guesser}", 3)
    refused = await world.ask("alice", "10.0.1.0")
    assert refused.by == "name"
    assert refused.wait >= NAME.first - 5


@pytest.mark.bound("wrong-secrets-of-an-address")
async def test_an_address_that_tries_many_names_waits(world: World) -> None:
    """Regression: spraying one password over forty names was not throttled."""
    refusals = [await world.try_(f"name-{number}", HERE) for number in range(40)]
    assert sum(one.wait == 0 for one in refusals) == ADDRESS.free
    assert refusals[-1].by == "address"
    assert (await world.ask("name-39", ELSEWHERE)).wait == 0


async def test_clients_and_users_are_counted_separately(world: World) -> None:
    """Regression: ten anonymous posts with `client_id=user:alice` locked alice out."""
    for name in ("alice", "user:alice", "client:alice"):
        for _ in range(PAIR.free):
            await world.try_(name, HERE, kind=Kind.CLIENT)
            await world.lapse()
    assert (await world.ask("alice", HERE)).clean


async def test_a_success_clears_only_the_failures_of_its_pair(world: World) -> None:
    await world.fail("alice", HERE, PAIR.free - 1)
    await world.try_("alice", HERE, Outcome.PASSED)
    await world.fail("alice", HERE, PAIR.free - 1)
    admission = await world.ask("alice", HERE)
    assert (admission.wait, admission.clean) == (0, False)


async def test_sixty_concurrent_guesses_count_like_a_sequence(world: World) -> None:
    """Regression: of sixty concurrent guesses, all were admitted before the first had failed."""
    attempts = [Attempt.of(Kind.USER, "alice", HERE) for _ in range(60)]
    admissions = await asyncio.gather(*map(world.counters.admit, attempts))
    assert sum(not one.busy for one in admissions) == PAIR.free
    assert {one.wait for one in admissions} == {0}


async def test_a_withdrawn_attempt_does_not_count_as_a_failure(world: World) -> None:
    for _ in range(PAIR.free * 2):
        await world.ask("alice", HERE)
    assert (await world.ask("alice", HERE)).clean


async def test_an_ipv6_prefix_counts_as_one_address(world: World) -> None:
    await world.fail("alice", "2001:db8::1", 1)
    assert not (await world.ask("alice", "2001:db8::ffff")).clean
    assert (await world.ask("alice", "2001:db8:0:1::1")).clean


async def test_an_ipv4_mapped_address_counts_as_the_ipv4_address(world: World) -> None:
    await world.fail("alice", f"::ffff:{HERE}", 1)
    assert not (await world.ask("alice", HERE)).clean


async def test_a_failure_that_is_sent_twice_counts_once(store: Redis) -> None:
    """docs/design/reliability.md, "Writes": a command may be repeated."""
    counters = RedisFailureCounters(store.connection_pool)
    attempt = Attempt.of(Kind.USER, "alice", HERE)
    for _ in range(2):
        await counters.admit(attempt)
    for _ in range(2):
        await counters.settle(attempt, Outcome.FAILED)
    entries: list[Any] = await store.hvals("w:user:pair")
    assert [entry.split()[0] for entry in entries] == [b"1"]


async def test_redis_has_no_plain_text_name_and_no_entry_without_a_ttl(
    store: Redis,
) -> None:
    world = World(RedisFailureCounters(store.connection_pool), lambda: asyncio.sleep(0))
    await world.fail("alice" * 200, HERE, 3)
    await world.fail("alice", HERE, PAIR.free)
    keys: list[Any] = await store.keys("*")
    assert {key[:2] for key in keys} == {b"w:"}
    for key in keys:
        assert 0 < await store.ttl(key) <= 2 * 3600
        if await store.type(key) == b"hash":
            assert {len(digest) for digest in await store.hkeys(key)} == {16}


@pytest.mark.bound("counted-failures")
@pytest.mark.parametrize("kind", ["redis", "alone"])
async def test_the_number_of_entries_is_bounded_and_a_guessed_name_is_not_evicted(
    kind: str, store: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: 10,000 failures evicted the counted name."""
    small = [failures.Limit(one.free, one.first, one.most, entries=50) for one in LIMITS]
    for module in (
        "cas_server.throttling.local_failure_counters",
        "cas_server.throttling.shared_failure_counters",
    ):
        monkeypatch.setattr(f"{module}.LIMITS", tuple(small))
    monkeypatch.setattr("cas_server.throttling.shared_failure_counters._LIMITS", _flat(small))
    monkeypatch.setattr(
        "cas_server.throttling.shared_failure_counters._RULES", (900_000, PAIR.free, 50, 3, 10)
    )
    counters = (
        RedisFailureCounters(store.connection_pool) if kind == "redis" else LocalFailureCounters()
    )
    world = World(counters, lambda: asyncio.sleep(0))
    for _ in range(PAIR.free):
        await world.try_("alice", HERE)
    for number in range(200):
        await world.try_(f"{number}" * 1000, f"10.1.{number}.1")

    assert (await world.ask("alice", HERE)).by == "pair"
    if kind == "redis":
        for counter in COUNTERS:
            assert await store.hlen(f"w:user:{counter}") == 50
            assert await store.zcard(f"w:user:{counter}:ends") == 50


def _flat(limits: list[failures.Limit]) -> tuple[int, ...]:
    return tuple(
        number
        for one in limits
        for number in (one.free, one.first * 1000, one.most * 1000, one.entries)
    )


async def test_without_redis_each_replica_counts_alone(store: Redis) -> None:
    """It continues with the failures that it has seen itself."""
    gone = Redis(port=1)
    world = World(
        SharedFailureCounters(RedisFailureCounters(store.connection_pool)), lambda: asyncio.sleep(0)
    )
    await world.fail("alice", HERE, PAIR.free - 1)
    world.counters._shared = RedisFailureCounters(gone.connection_pool)  # type: ignore[attr-defined]
    await world.fail("alice", HERE, 1)
    assert (await world.ask("alice", HERE)).wait == pytest.approx(60, abs=30)
    await gone.aclose()


async def test_what_redis_refuses_is_counted_alone(store: Redis) -> None:
    """Somebody else's key has the name of a counter."""
    shared = RedisFailureCounters(store.connection_pool)
    await store.set("w:user:pair", "another type")
    with pytest.raises(TemporarilyUnavailable):
        await shared.admit(Attempt.of(Kind.USER, "alice", HERE))
    world = World(SharedFailureCounters(shared), lambda: asyncio.sleep(0))
    await world.fail("alice", HERE, PAIR.free)
    assert (await world.ask("alice", HERE)).by == "pair"
