"""PROTOCOL, rule 5: rotation, grace window, reuse; rule 6: another client's token."""

import asyncio

import pytest
from redis.asyncio import Redis

from integration.cas_server.world import Cas

pytestmark = pytest.mark.anyio


@pytest.fixture
def identities(identities: dict[str, object], request: pytest.FixtureRequest) -> dict[str, object]:
    if marker := request.node.get_closest_marker("grace"):
        identities["refresh-grace"] = marker.args[0]
    return identities


async def test_rotation_replaces_both_tokens(cas: Cas) -> None:
    first = await cas.user_tokens()
    second = (await cas.refresh(first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (await cas.check(second["access_token"])).status_code == 200


async def test_retry_within_the_grace_window_gets_the_same_successor(cas: Cas) -> None:
    token = (await cas.user_tokens())["refresh_token"]
    once = await cas.refresh(token)
    again = await cas.refresh(token, replica=1)
    assert once.json() == again.json()


async def test_fifty_parallel_uses_over_two_replicas_leave_one_lineage(cas: Cas) -> None:
    token = (await cas.user_tokens())["refresh_token"]
    replies = await asyncio.gather(*(cas.refresh(token, replica=n % 2) for n in range(50)))
    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.json()["refresh_token"] for reply in replies}) == 1
    assert len({reply.json()["access_token"] for reply in replies}) == 1


@pytest.mark.grace("0")
async def test_reuse_after_the_grace_window_kills_the_family_with_its_access_tokens(
    cas: Cas,
) -> None:
    first = await cas.user_tokens()
    second = (await cas.refresh(first["refresh_token"])).json()
    stolen = await cas.refresh(first["refresh_token"])
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    for token in (first["access_token"], second["access_token"]):
        assert (await cas.check(token)).status_code == 400
    assert (await cas.refresh(second["refresh_token"])).status_code == 400


async def test_scopes_only_narrow_and_the_refresh_token_keeps_its_own(cas: Cas) -> None:
    first = await cas.user_tokens()
    narrowed = (await cas.refresh(first["refresh_token"], scope="read")).json()
    assert narrowed["scope"] == "read"
    widened = await cas.refresh(narrowed["refresh_token"], scope="read admin")
    assert (widened.status_code, widened.json()["error"]) == (400, "invalid_scope")
    assert (await cas.refresh(narrowed["refresh_token"])).json()["scope"] == "read write"


async def test_another_clients_refresh_token_is_refused_and_the_victim_unharmed(cas: Cas) -> None:
    victim = await cas.user_tokens("alice", "demo-app")
    thief = await cas.refresh(victim["refresh_token"], "other-app")
    assert (thief.status_code, thief.json()["error"]) == (400, "invalid_grant")
    assert (await cas.refresh(victim["refresh_token"], "demo-app")).status_code == 200
    assert (await cas.check(victim["access_token"])).status_code == 200


async def test_revoked_refresh_token_takes_its_access_tokens_with_it(cas: Cas) -> None:
    """RFC 7009, 2.1."""
    tokens = await cas.user_tokens()
    await cas.post("/oauth/revoke", {"token": tokens["refresh_token"]}, "demo-app")
    assert (await cas.check(tokens["access_token"])).status_code == 400
    assert (await cas.refresh(tokens["refresh_token"])).status_code == 400


async def test_revoking_another_clients_token_harms_nobody(cas: Cas) -> None:
    token = (await cas.user_tokens())["access_token"]
    reply = await cas.post("/oauth/revoke", {"token": token}, "other-app")
    assert reply.status_code == 400
    assert (await cas.check(token)).status_code == 200


async def test_revoking_an_unknown_token_is_200(cas: Cas) -> None:
    """RFC 7009, 2.2."""
    assert (await cas.post("/oauth/revoke", {"token": "x"}, "demo-app")).status_code == 200


async def test_redis_holds_no_token_and_every_entry_has_a_ttl(cas: Cas, redis: int) -> None:
    """PROTOCOL, rule 8."""
    first = await cas.user_tokens()
    second = (await cas.refresh(first["refresh_token"])).json()
    secrets = {first["access_token"], first["refresh_token"], second["access_token"]}
    secrets |= {second["refresh_token"]}
    async with Redis(port=redis) as store:
        keys = [key async for key in store.scan_iter()]
        ttls = [await store.ttl(key) for key in keys]
        dumps = [bytes(await store.dump(key)) for key in keys]
    assert min(ttls) > 0
    everything = b"\n".join([*keys, *dumps])
    assert not [secret for secret in secrets if secret.encode() in everything]
