"""Codes on a real Redis: spending one and issuing its tokens are one step, repeated or not."""

import time
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import ConnectionPool

from cas_server.authorization.authorization_code import AuthorizationCode, new_code
from cas_server.errors import Unconfirmed
from cas_server.settings import CasSettings, DurabilitySettings
from cas_server.stores.authorization_codes import Basis
from cas_server.stores.people_keys import session_key
from cas_server.stores.redis_authorization_codes import RedisAuthorizationCodes
from cas_server.stores.redis_token_store import RedisTokenStore
from cas_server.stores.token_store import Bounds, Family, TokenPair
from cas_server.tokens.access_tokens import Grant, Stamp, token_hash
from cas_server.tokens.logins import Login
from cas_server.tokens.record_keys import RecordKeys
from cas_server.tokens.refresh_tokens import new_family_id
from cas_server.tokens.token_pairs import Step, new_pair
from chassis import LiveConfig
from eventually import PATIENCE_S

pytestmark = pytest.mark.anyio
KEYS = RecordKeys(LiveConfig.fixed(CasSettings()))
BOUNDS = Bounds(tokens=100, families=10)
LOGIN = Login(int(time.time()))
BASIS = Basis("5" * 64, has_consent=False)
GRANT = Grant("app", ("read",), (), (), "alice", "f" * 16, login=LOGIN)


@pytest.fixture
async def tokens(redis: int) -> AsyncIterator[RedisTokenStore]:
    found = RedisTokenStore(
        ConnectionPool(port=redis), DurabilitySettings(), KEYS, timeout=PATIENCE_S
    )
    yield found
    await found.aclose()


@pytest.fixture
async def unconfirmed(redis: int) -> AsyncIterator[RedisAuthorizationCodes]:
    """Codes that a replica has to confirm, where there is none."""
    durability = DurabilitySettings(wait_replicas=1, wait_timeout=0.001)
    found = RedisTokenStore(ConnectionPool(port=redis), durability, KEYS, timeout=PATIENCE_S)
    yield RedisAuthorizationCodes(found)
    await found.aclose()


async def _stamp(tokens: RedisTokenStore) -> Stamp:
    if (await tokens.identities()).version is None:
        await tokens.change([], after=0, keep=1000)
    return Stamp((await tokens.identities()).version or 0, 0)


async def _put(tokens: RedisTokenStore) -> str:
    await tokens.commands.write("HSET", session_key(BASIS.session_hash), "data", "")
    hashed = token_hash(new_code())
    code = AuthorizationCode(
        GRANT, redirect_uri="https://app.example/", code_challenge="c", nonce="n", session="s"
    )
    stamped = code.stamped(await _stamp(tokens))
    assert await RedisAuthorizationCodes(tokens).put(hashed, stamped, BASIS) == "written"
    assert await RedisAuthorizationCodes(tokens).find(hashed) == stamped
    return hashed


async def _pair(tokens: RedisTokenStore) -> TokenPair:
    family = Family(new_family_id(), GRANT, int(time.time()) + 1000)
    pair, _ = new_pair(KEYS, family, GRANT, Step(1, "", access_validity=600, idle_seconds=500))
    return pair.stamped(await _stamp(tokens))


async def test_a_redemption_that_is_sent_again_changes_nothing(tokens: RedisTokenStore) -> None:
    """docs/design/reliability.md, "Writes": commands may be repeated."""
    codes, hashed, pair = RedisAuthorizationCodes(tokens), await _put(tokens), await _pair(tokens)
    for _ in range(2):
        assert await codes.redeem(hashed, pair, BOUNDS) == "redeemed"
    assert await tokens.access(pair.access_hash) == pair.access
    assert await tokens.family(pair.family.id)


async def test_a_redemption_under_an_older_version_spends_nothing(tokens: RedisTokenStore) -> None:
    codes, hashed, pair = RedisAuthorizationCodes(tokens), await _put(tokens), await _pair(tokens)
    stale = pair.stamped(Stamp(pair.access.since - 1, 0))
    assert await codes.redeem(hashed, stale, BOUNDS) is None
    assert await tokens.access(pair.access_hash) is None
    assert await codes.redeem(hashed, pair, BOUNDS) == "redeemed"


async def test_a_code_is_not_stored_under_an_older_version(tokens: RedisTokenStore) -> None:
    since, _ = await _stamp(tokens)
    code = AuthorizationCode(GRANT, redirect_uri="x", code_challenge="", nonce="", session="")
    hashed = token_hash(new_code())
    stale = code.stamped(Stamp(since - 1, 0))
    assert await RedisAuthorizationCodes(tokens).put(hashed, stale, BASIS) is None
    assert await RedisAuthorizationCodes(tokens).find(hashed) is None


async def test_an_unconfirmed_redemption_is_an_outage_and_never_a_second_success(
    tokens: RedisTokenStore, unconfirmed: RedisAuthorizationCodes
) -> None:
    """docs/design/code-flow.md, "Codes": its tokens reached nobody, and the next use ends them."""
    hashed, first, second = await _put(tokens), await _pair(tokens), await _pair(tokens)
    with pytest.raises(Unconfirmed):
        await unconfirmed.redeem(hashed, first, BOUNDS)
    assert await unconfirmed.redeem(hashed, second, BOUNDS) == "reused"
    for pair in (first, second):
        assert await tokens.access(pair.access_hash) is None
        assert await tokens.family(pair.family.id) is None
