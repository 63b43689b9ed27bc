"""docs/design/administration.md, "What rotates": the next keys sign now, at every replica."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis
from structlog.testing import capture_logs

from cas_server.errors import Unconfirmed
from cas_server.stores.redis_token_store import RedisTokenStore
from chassis.jwt.compact import read_jwt
from chassis.jwt.keys import private_key
from chassis.testing import bearer
from chassis.testing.redis_process import RedisProcess
from eventually import PATIENCE_S
from integration.cas_server.world import BASIC, Cas, replicas
from redis_process import store
from signing_keys import OLD, TO_COME, key_file, pem
from suitectl.waiting import until

pytestmark = pytest.mark.anyio

KEYS, ROTATE = "/admin/v1/keys", "/admin/v1/keys/rotate"
LATER = "29990102T000000Z"
FIRST, SECOND, THIRD = (private_key(pem(number=number)).id for number in range(3))


@pytest.fixture
def identities(identities: dict[str, Any], hashes: dict[str, str]) -> dict[str, Any]:
    files = key_file(OLD) | key_file(TO_COME, number=1) | key_file(OLD, "RS256")
    identities |= files | {"token-format": "jwt"}
    operator = {
        "client-secret": hashes["demo-app"],
        "authorized-grant-types": ["client_credentials"],
        "resource-ids": ["cas-server"],
        "token-format": "opaque",
    }
    allowed = {"scope": ["admin"], "authorities": ["ROLE_ADMIN"]}
    identities["clients"]["operator"] = operator | allowed
    identities["clients"]["reader"] = operator | allowed | {"scope": ["read"]}
    return identities


@pytest.fixture
async def cas(
    own_redis: RedisProcess,
    tmp_path: Path,
    identities: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Cas]:
    for name in ("operator", "reader"):
        monkeypatch.setitem(BASIC, name, BASIC["demo-app"])
    directory = tmp_path / "config"
    async with replicas(directory, identities, store(own_redis.port), number=2) as running:
        yield running


async def _send(
    cas: Cas, method: str, path: str, *, client: str = "operator", replica: int = 0
) -> httpx.Response:
    headers = bearer(await cas.client_token(client))
    return await cas.http.request(method, cas.urls[replica] + path, headers=headers)


async def _rotate(cas: Cas, replica: int = 0) -> httpx.Response:
    return await _send(cas, "POST", ROTATE, replica=replica)


async def _states(cas: Cas, replica: int) -> dict[str, str]:
    """Return the state of each ES256 key, by its id."""
    response = await _send(cas, "GET", KEYS, replica=replica)
    rows = response.raise_for_status().json()["keys"]
    return {row["kid"]: row["state"] for row in rows if row["alg"] == "ES256"}


async def _signs(cas: Cas, replica: int) -> str:
    form = {"grant_type": "client_credentials"}
    reply = await cas.post("/oauth/token", form, "demo-app", replica=replica)
    return read_jwt(reply.raise_for_status().json()["access_token"]).key_id


async def test_the_next_key_signs_at_every_replica(cas: Cas) -> None:
    before = await cas.client_token()
    assert {await _signs(cas, replica) for replica in range(2)} == {FIRST}

    with capture_logs() as lines:
        rotated = await _rotate(cas)

    rows = {row["kid"]: row for row in rotated.raise_for_status().json()["keys"]}
    assert (rows[FIRST]["state"], rows[SECOND]["state"]) == ("signed", "signs")
    assert rows[SECOND]["signs_from"] < 2**31
    for replica in (1, 0):
        assert await _states(cas, replica) == {FIRST: "signed", SECOND: "signs"}
        assert await _signs(cas, replica) == SECOND
        assert (await cas.check(before, replica=replica)).status_code == 200
    (line,) = [line for line in lines if line.get("event_type") == "signing_key_rotated"]
    assert (line["by"], line["key"]) == ("operator", f"{TO_COME}-es256")


async def test_without_a_key_to_come_nothing_rotates(cas: Cas) -> None:
    """The RS256 key goes on: it has no successor."""
    await _rotate(cas)
    again = await _rotate(cas, replica=1)
    assert (again.status_code, again.json()["error"]) == (404, "not_found")
    assert "make secrets ROTATE=keys" in again.json()["error_description"]
    assert await _states(cas, 0) == {FIRST: "signed", SECOND: "signs"}


async def test_one_rotation_takes_one_key_and_the_latest_told_signs(
    cas: Cas, identities: dict[str, Any]
) -> None:
    identities |= key_file(LATER, number=2)
    cas.write()

    async def are_mounted() -> bool:
        return all([THIRD in await _states(cas, replica) for replica in range(2)])

    await until(are_mounted, what="the reload", seconds=PATIENCE_S, every=0.01)
    await _rotate(cas)
    expected = {FIRST: "signed", SECOND: "signs", THIRD: "to come"}
    assert await _states(cas, 1) == expected
    await _rotate(cas, replica=1)
    assert await _states(cas, 0) == {FIRST: "signed", SECOND: "signed", THIRD: "signs"}


async def test_a_replica_that_starts_later_knows_it(
    cas: Cas, own_redis: RedisProcess, tmp_path: Path, identities: dict[str, Any]
) -> None:
    await _rotate(cas)
    async with replicas(tmp_path / "late", identities, store(own_redis.port)) as late:
        assert await _signs(late, 0) == SECOND


async def test_a_store_that_loses_it_gets_it_again(cas: Cas, own_redis: RedisProcess) -> None:
    """It is no event: nobody rotated."""
    await _rotate(cas)
    with Redis(port=own_redis.port) as redis, capture_logs() as lines:
        redis.flushall()
        for replica in range(2):
            assert await _states(cas, replica) == {FIRST: "signed", SECOND: "signs"}
            assert await _signs(cas, replica) == SECOND
    assert [line for line in lines if "event_type" in line] == []


async def test_a_rotation_hides_no_loss_of_the_store(
    cas: Cas, own_redis: RedisProcess, identities: dict[str, Any]
) -> None:
    """docs/design/identities.md, "Dead stays dead", rule 6."""
    alice, dead = identities["users"].pop("alice"), (await cas.user_tokens())["access_token"]
    cas.write()
    await until(partial(_is_refused, cas, dead), what="her end", seconds=PATIENCE_S, every=0.01)
    identities["users"]["alice"] = alice
    cas.write()
    operator = bearer(await cas.client_token("operator"))
    with Redis(port=own_redis.port) as redis:
        records = {name: redis.dump(name) for name in redis.keys("[!n]:*")}
        redis.flushall()
        for name, text in records.items():
            redis.restore(name, 0, text)
        await cas.http.post(cas.urls[0] + ROTATE, headers=operator)
    for replica in range(2):
        assert (await cas.check(dead, replica=replica)).status_code == 400


async def _is_refused(cas: Cas, token: str) -> bool:
    return (await cas.check(token)).status_code == 400


async def test_two_rotations_at_once_are_one(cas: Cas) -> None:
    operator = bearer(await cas.client_token("operator"))
    with capture_logs() as lines:
        done = [cas.http.post(url + ROTATE, headers=operator) for url in cas.urls * 5]
        responses = await asyncio.gather(*done)
    assert {response.status_code for response in responses} <= {200, 404}
    assert [line.get("event_type") for line in lines].count("signing_key_rotated") == 1
    assert await _states(cas, 0) == {FIRST: "signed", SECOND: "signs"}


async def test_the_first_of_keys_to_come_signs_only_once(
    cas: Cas, identities: dict[str, Any]
) -> None:
    """It signs before its time, as there is none before it."""
    for name in [name for name in identities if name.startswith("signing-keys")]:
        del identities[name]
    identities |= key_file(TO_COME, number=1) | key_file(LATER, number=2)
    cas.write()

    async def are_mounted() -> bool:
        return all([FIRST not in await _states(cas, replica) for replica in range(2)])

    await until(are_mounted, what="the reload", seconds=PATIENCE_S, every=0.01)
    assert await _states(cas, 0) == {SECOND: "signs", THIRD: "to come"}
    await _rotate(cas)
    assert await _states(cas, 1) == {SECOND: "signed", THIRD: "signs"}


async def test_who_may_not_administer_rotates_nothing(cas: Cas) -> None:
    refused = await _send(cas, "POST", ROTATE, client="reader")
    assert refused.status_code == 403
    assert await _states(cas, 0) == {FIRST: "signs", SECOND: "to come"}


async def test_what_redis_knows_is_audited_though_no_replica_of_it_does(
    cas: Cas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """docs/design/audit.md, rule 9."""
    change = RedisTokenStore.change

    async def unconfirmed(*arguments: Any, **options: Any) -> bool:
        raise Unconfirmed(result=await change(*arguments, **options))

    assert (await _states(cas, 0))[SECOND] == "to come"
    monkeypatch.setattr(RedisTokenStore, "change", unconfirmed)
    with capture_logs() as lines:
        response = await _rotate(cas)
    assert response.status_code == 503
    assert "signing_key_rotated" in [line.get("event_type") for line in lines]
    assert (await _states(cas, 0))[SECOND] == "signs"
