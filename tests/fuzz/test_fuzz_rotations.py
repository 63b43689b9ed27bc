"""One family of refresh tokens on a real Redis, rotated once per round.

Its memory stays constant, and every earlier token is recognized as used.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from redis.asyncio import Redis

from cas_server.settings import CasSettings, DurabilitySettings
from cas_server.stores.redis_token_store import RedisTokenStore
from cas_server.stores.token_store import (
    Bounds,
    Family,
    Presented,
    Rotation,
    TokenPair,
)
from cas_server.tokens.access_tokens import Grant, Stamp
from cas_server.tokens.record_keys import RecordKeys
from cas_server.tokens.refresh_tokens import new_family_id
from cas_server.tokens.token_pairs import Step, new_pair
from chassis import LiveConfig
from fuzz.conftest import Rounds
from redis_process import redis_port

pytestmark = pytest.mark.anyio
KEYS = RecordKeys(LiveConfig.fixed(CasSettings()))
BOUNDS = Bounds(tokens=20_000, families=100)
GRANT = Grant(
    "demo-app",
    ("read", "write"),
    ("orders", "billing"),
    (),
    "alice",
    "f" * 16,
    "password",
)
_AT_ONCE = 100
_FOR_A_MINUTE = (b"a:", b"n:change:")


class Chain:
    """The newest pair of the family, and an earlier token chosen uniformly."""

    def __init__(self, stamp: Stamp) -> None:
        family = Family(new_family_id(), GRANT, int(time.time()) + 30 * 86400)
        made, response = new_pair(KEYS, family, GRANT, Step(1, "", 600, 7 * 86400))
        self._stamp, self._text = stamp, str(response.refresh_token)
        self.newest = made.stamped(stamp)
        self.earlier = self.presented

    @property
    def presented(self) -> Presented:
        return Presented(self.newest.refresh_hash, self.newest.number)

    def next(self, rng: random.Random) -> tuple[Presented, TokenPair]:
        used = self.presented
        if rng.random() < 1 / used.number:
            self.earlier = used
        step = Step(used.number + 1, self._text, 600, 7 * 86400)
        made, response = new_pair(KEYS, self.newest.family, GRANT, step)
        self.newest, self._text = made.stamped(self._stamp), str(response.refresh_token)
        return used, self.newest


@pytest.fixture
async def direct(tmp_path: Path) -> AsyncIterator[Redis]:
    with redis_port(tmp_path) as port:
        async with Redis(port=port) as connected:
            yield connected


async def test_a_family_has_constant_size_and_recognizes_every_earlier_token(
    direct: Redis, rounds: Rounds
) -> None:
    store = RedisTokenStore(direct.connection_pool, DurabilitySettings(), KEYS, timeout=30)
    await store.change([], after=0, keep=86400)
    chain = Chain(Stamp((await store.identities()).version or 0, 0))
    await store.begin(chain.newest, BOUNDS)
    for some in _some(rounds):
        steps = [chain.next(rng) for rng in some]
        rotations = (store.rotate(old, new, BOUNDS, grace=0.001) for old, new in steps)
        assert set(await asyncio.gather(*rotations)) == {Rotation("rotated")}
    assert await _memory(direct, chain.newest.family.id) <= 1024
    lasting = [key async for key in direct.scan_iter() if not key.startswith(_FOR_A_MINUTE)]
    assert len(lasting) <= 10, "the family, its five access tokens, and four of all"
    reused = await store.rotate(chain.earlier, chain.next(random.Random(1))[1], BOUNDS, grace=10)  # noqa: S311 - not a secret
    assert reused == Rotation("reused")
    assert await store.family(chain.newest.family.id) is None
    assert not [key async for key in direct.scan_iter("t:*")]


def _some(rounds: Iterable[random.Random]) -> Iterator[list[random.Random]]:
    left = iter(rounds)
    while some := list(islice(left, _AT_ONCE)):
        yield some


async def _memory(direct: Redis, family: str) -> int:
    """Return a family's memory without the hashes of its valid tokens, but with its index."""
    live = await direct.hget(f"f:{family}", "live") or b""
    sizes = [
        await direct.memory_usage(name, samples=0) or 0
        for name in (f"f:{family}", "g:f:demo-app:alice")
    ]
    return sum(sizes) - len(live) - 1
