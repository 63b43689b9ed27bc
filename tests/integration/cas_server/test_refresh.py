"""docs/design/protocol.md, "Refresh tokens": rotation, grace window, reuse."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from cas_server.tokens.access_tokens import token_hash
from cas_server.tokens.token_records import name_of
from eventually import PATIENCE_S
from integration.cas_server.world import Cas
from suitectl.waiting import until

pytestmark = pytest.mark.anyio


@pytest.fixture
def extra() -> dict[str, object]:
    """Settings that a test overrides."""
    return {}


@pytest.fixture
def identities(identities: dict[str, object], extra: dict[str, object]) -> dict[str, object]:
    return {**identities, **extra}


async def test_a_rotation_replaces_both_tokens(cas: Cas) -> None:
    first = await cas.user_tokens()
    second = (await cas.refresh(first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (await cas.check(second["access_token"])).status_code == 200


async def test_a_retry_within_the_grace_window_gets_the_same_successor(cas: Cas) -> None:
    token = (await cas.user_tokens())["refresh_token"]
    once = await cas.refresh(token)
    again = await cas.refresh(token, replica=1)
    assert once.json() == again.json()


async def test_fifty_concurrent_uses_at_two_replicas_yield_one_successor(cas: Cas) -> None:
    token = (await cas.user_tokens())["refresh_token"]
    replies = await asyncio.gather(*(cas.refresh(token, replica=n % 2) for n in range(50)))
    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.json()["refresh_token"] for reply in replies}) == 1
    assert len({reply.json()["access_token"] for reply in replies}) == 1


@pytest.mark.parametrize("extra", [{"refresh-grace": "0s"}])
async def test_a_reuse_after_the_grace_window_ends_the_family_and_its_access_tokens(
    cas: Cas,
) -> None:
    first = await cas.user_tokens()
    second = (await cas.refresh(first["refresh_token"])).json()
    stolen = await cas.refresh(first["refresh_token"])
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    for token in (first["access_token"], second["access_token"]):
        assert (await cas.check(token)).status_code == 400
    assert (await cas.refresh(second["refresh_token"])).status_code == 400


@pytest.mark.parametrize("extra", [{"refresh-grace": "0s"}])
async def test_a_reuse_is_reuse_whatever_scope_it_requests(cas: Cas) -> None:
    """Regression: an invalid scope was refused first, and the family survived."""
    first = await cas.user_tokens()
    second = (await cas.refresh(first["refresh_token"])).json()
    stolen = await cas.refresh(first["refresh_token"], scope="made-up")
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    assert (await cas.check(second["access_token"])).status_code == 400


async def test_a_retry_with_another_scope_does_not_get_the_wider_response(cas: Cas) -> None:
    token = (await cas.user_tokens())["refresh_token"]
    first = (await cas.refresh(token)).json()
    retry = await cas.refresh(token, scope="read")
    assert (retry.status_code, retry.json()["error"]) == (400, "invalid_scope")
    assert (await cas.refresh(token, scope="write read")).json() == first


async def test_a_refresh_only_narrows_scopes_and_the_refresh_token_keeps_its_own(cas: Cas) -> None:
    first = await cas.user_tokens()
    narrowed = (await cas.refresh(first["refresh_token"], scope="read")).json()
    assert narrowed["scope"] == "read"
    widened = await cas.refresh(narrowed["refresh_token"], scope="read admin")
    assert (widened.status_code, widened.json()["error"]) == (400, "invalid_scope")
    assert (await cas.refresh(narrowed["refresh_token"])).json()["scope"] == "read write"


async def test_a_refresh_token_of_another_client_is_refused_and_stays_valid(cas: Cas) -> None:
    victim = await cas.user_tokens("alice", "demo-app")
    thief = await cas.refresh(victim["refresh_token"], "other-app")
    assert (thief.status_code, thief.json()["error"]) == (400, "invalid_grant")
    assert (await cas.refresh(victim["refresh_token"], "demo-app")).status_code == 200
    assert (await cas.check(victim["access_token"])).status_code == 200


async def test_revoking_a_refresh_token_revokes_its_access_tokens(cas: Cas) -> None:
    """RFC 7009, 2.1."""
    tokens = await cas.user_tokens()
    await cas.post("/oauth/revoke", {"token": tokens["refresh_token"]}, "demo-app")
    assert (await cas.check(tokens["access_token"])).status_code == 400
    assert (await cas.refresh(tokens["refresh_token"])).status_code == 400


async def test_revoking_a_token_of_another_client_has_no_effect(cas: Cas) -> None:
    token = (await cas.user_tokens())["access_token"]
    reply = await cas.post("/oauth/revoke", {"token": token}, "other-app")
    assert reply.status_code == 400
    assert (await cas.check(token)).status_code == 200


async def test_revoking_an_unknown_token_is_200(cas: Cas) -> None:
    """RFC 7009, 2.2."""
    assert (await cas.post("/oauth/revoke", {"token": "x"}, "demo-app")).status_code == 200


@pytest.mark.parametrize("extra", [{"refresh-token-idle": "1s"}])
async def test_an_idle_refresh_token_expires(cas: Cas) -> None:
    token = (await cas.user_tokens())["refresh_token"]
    assert await until(lambda: _refused(cas, token), what="the idle end", seconds=PATIENCE_S)


@pytest.mark.parametrize("extra", [{"refresh-token-validity": "1s"}])
async def test_a_family_expires_absolutely_with_its_access_tokens(cas: Cas) -> None:
    first = await cas.user_tokens()
    assert 1 <= first["expires_in"] <= 2, "no longer than the family, and never 0"
    assert await until(
        lambda: _refused(cas, first["refresh_token"]), what="the end", seconds=PATIENCE_S
    )


async def _refused(cas: Cas, token: str) -> bool:
    """Return whether a refresh token is refused, without using it."""
    reply = await cas.refresh(token, scope="never")
    return bool(reply.json()["error"] == "invalid_grant")


async def test_a_refreshed_token_has_the_current_rights_of_user_and_client(cas: Cas) -> None:
    token = (await cas.user_tokens("admin"))["refresh_token"]
    cas.identities["users"]["admin"]["authorities"] = ["ROLE_USER"]
    cas.identities["clients"]["demo-app"]["scope"] = ["read"]
    cas.write()

    async def narrowed() -> dict[str, object] | None:
        tokens = await cas.user_tokens("admin")
        return tokens if tokens["scope"] == "read" else None

    await until(narrowed, what="the reload", seconds=PATIENCE_S)
    renewed = (await cas.refresh(token)).json()
    assert renewed["scope"] == "read"
    claims = (await cas.check(renewed["access_token"])).json()
    assert claims["authorities"] == ["ROLE_USER"]


async def test_redis_holds_no_token_and_every_entry_has_a_ttl(cas: Cas, redis: int) -> None:
    """docs/design/protocol.md, "Secrets"."""
    first = await cas.user_tokens()
    second = (await cas.refresh(first["refresh_token"])).json()
    secrets = {first["access_token"], first["refresh_token"], second["access_token"]}
    secrets |= {second["refresh_token"]}
    async with Redis(port=redis) as store:
        keys = [key async for key in store.scan_iter()]
        ttls = [await store.ttl(key) for key in keys]
        values = b"".join([await _value(store, key) for key in keys])
    # -1 is a key without a TTL; 0 and -2 are keys that have just expired.
    assert -1 not in ttls
    assert {name_of(token_hash(one["access_token"])) for one in (first, second)} <= {*keys}
    assert not [secret for secret in secrets if secret.encode() in values + b"".join(keys)]


async def _value(store: Any, key: bytes) -> bytes:
    """Read a value uncompressed, since DUMP would compress it and hide a secret."""
    match await store.type(key):
        case b"hash":
            return b"".join([part for pair in (await store.hgetall(key)).items() for part in pair])
        case b"zset":
            return b"".join(await store.zrange(key, 0, -1))
        case _:
            return bytes(await store.get(key) or b"")


async def test_the_search_for_secrets_in_redis_finds_planted_ones(redis: int) -> None:
    """The preceding check can fail: it finds a planted secret in each type of value."""
    async with Redis(port=redis) as store:
        await store.set("planted", "secret-" * 20, ex=5)
        await store.hset("planted-hash", "data", "secret-" * 20)
        await store.zadd("planted-set", {"secret-" * 20: 1})
        values = [await _value(store, key) for key in (b"planted", b"planted-hash", b"planted-set")]
        await store.delete("planted", "planted-hash", "planted-set")
    assert all(b"secret-secret" in value for value in values)


async def test_a_refreshed_token_loses_audiences_that_the_client_lost(cas: Cas) -> None:
    token = (await cas.user_tokens())["refresh_token"]
    cas.identities["clients"]["demo-app"]["resource-ids"] = ["order-service"]
    cas.write()

    async def narrowed() -> bool:
        fresh = (await cas.user_tokens())["access_token"]
        return bool((await cas.check(fresh)).json()["aud"] == ["order-service"])

    await until(narrowed, what="the reload", seconds=PATIENCE_S)
    renewed = (await cas.refresh(token)).json()["access_token"]
    assert (await cas.check(renewed)).json()["aud"] == ["order-service"]
