"""Invalidated tokens stay invalid when their identity returns, however the change arrives."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from cas_server.passwords.hashing import hash_password
from chassis.testing.redis_process import RedisProcess
from eventually import PATIENCE_S
from integration.cas_server import world
from integration.cas_server.world import Cas
from redis_process import store
from suitectl.waiting import until

pytestmark = pytest.mark.anyio

MARKERS = itertools.count()
Change = Callable[[dict[str, Any]], None]
Tokens = dict[str, Any]


class Replicas:
    """Starts replicas with separate configurations on one Redis."""

    def __init__(self, redis: RedisProcess, identities: dict[str, Any], directory: Path) -> None:
        self.redis, self.identities, self._directory = redis, identities, directory
        self._started = 0

    def changed(self, *changes: Change) -> dict[str, Any]:
        """Return the identities with these changes applied."""
        identities = deepcopy(self.identities)
        for change in changes:
            change(identities)
        return identities

    @asynccontextmanager
    async def running(self, *changes: Change) -> AsyncIterator[Cas]:
        """Run a replica that starts with these changes."""
        self._started += 1
        directory = self._directory / f"config-{self._started}"
        async with world.replicas(directory, self.changed(*changes), store(self.redis.port)) as cas:
            yield cas


@pytest.fixture
def replicas(own_redis: RedisProcess, identities: dict[str, Any], tmp_path: Path) -> Replicas:
    return Replicas(own_redis, identities, tmp_path)


def _user_disabled(identities: dict[str, Any]) -> None:
    identities["users"]["alice"]["enabled"] = False


def _user_deleted(identities: dict[str, Any]) -> None:
    del identities["users"]["alice"]


def _user_other_password(identities: dict[str, Any]) -> None:
    identities["users"]["alice"]["password"] = hash_password("another")


def _client_disabled(identities: dict[str, Any]) -> None:
    identities["clients"]["demo-app"]["enabled"] = False


def _client_deleted(identities: dict[str, Any]) -> None:
    del identities["clients"]["demo-app"]


def _client_other_secret(identities: dict[str, Any]) -> None:
    identities["clients"]["demo-app"]["client-secret"] = hash_password("another")


def _without_password_grant(identities: dict[str, Any]) -> None:
    identities["clients"]["demo-app"]["authorized-grant-types"] = [
        "refresh_token",
        "client_credentials",
    ]


def _off_the_allow_list(identities: dict[str, Any]) -> None:
    identities["password-grant-clients"] = ["other-app"]


def _without_refresh(identities: dict[str, Any]) -> None:
    identities["clients"]["demo-app"]["authorized-grant-types"] = ["password"]


ENDS: dict[str, Change] = {
    change.__name__.strip("_"): change
    for change in (
        _user_disabled,
        _user_deleted,
        _user_other_password,
        _client_disabled,
        _client_deleted,
        _client_other_secret,
        _without_password_grant,
        _off_the_allow_list,
        _without_refresh,
    )
}
ended = pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())


async def _is_valid(cas: Cas, tokens: Tokens) -> bool:
    checked = await cas.check(tokens["access_token"])
    assert checked.status_code in (200, 400), checked.text
    return checked.status_code == 200


async def _stays_invalid(cas: Cas, tokens: Tokens) -> None:
    assert not await _is_valid(cas, tokens)
    reply = await cas.refresh(tokens["refresh_token"])
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_grant")


async def _reloaded(cas: Cas, identities: dict[str, Any]) -> None:
    """Change a replica's mount; return once it applies, which an added scope shows."""
    marker = f"marker-{next(MARKERS)}"
    identities["clients"]["other-app"]["scope"] = ["read", "write", marker]
    cas.identities = identities
    cas.write()

    async def known() -> bool:
        form = {"grant_type": "client_credentials", "scope": marker}
        return (await cas.post("/oauth/token", form, "other-app")).status_code == 200

    assert await until(known, what="the reload", seconds=PATIENCE_S)


@ended
async def test_a_restored_identity_does_not_get_its_old_tokens_back(
    replicas: Replicas, end: Change
) -> None:
    """One replica loads the changes; a replica that saw none of them agrees."""
    async with replicas.running() as cas, replicas.running() as other:
        before, unharmed = await cas.user_tokens(), await cas.user_tokens("admin", "other-app")
        assert await _is_valid(cas, before)
        assert await _is_valid(other, before)
        await _reloaded(cas, replicas.changed(end))
        assert not await _is_valid(cas, before)
        await _reloaded(cas, replicas.changed())
        for replica in (cas, other):
            await _stays_invalid(replica, before)
            assert await _is_valid(replica, unharmed)
            assert await _is_valid(replica, await cas.user_tokens())
            assert await _is_valid(cas, await replica.user_tokens())


@ended
async def test_old_tokens_stay_invalid_when_each_change_arrives_with_a_restart(
    replicas: Replicas, end: Change
) -> None:
    async with replicas.running() as cas:
        before, unharmed = await cas.user_tokens(), await cas.user_tokens("admin", "other-app")
    async with replicas.running(end) as cas:
        assert not await _is_valid(cas, before)
    async with replicas.running() as cas:
        await _stays_invalid(cas, before)
        assert await _is_valid(cas, unharmed)
        assert await _is_valid(cas, await cas.user_tokens())


@ended
async def test_a_replica_with_an_older_configuration_never_revalidates_tokens(
    replicas: Replicas, end: Change
) -> None:
    async with replicas.running() as older:
        before = await older.user_tokens()
        async with replicas.running(end) as newer:
            assert not await _is_valid(newer, before)
            meanwhile = await older.user_tokens()
            assert not await _is_valid(newer, meanwhile)
            async with replicas.running() as restarted:
                await _stays_invalid(restarted, before)
                assert not await _is_valid(newer, before)
                late = await restarted.user_tokens()
                assert not await _is_valid(newer, late)
            await _reloaded(older, older.identities)
            assert not await _is_valid(newer, before)
            assert not await _is_valid(newer, meanwhile)
        async with replicas.running() as back:
            for tokens in (before, meanwhile):
                await _stays_invalid(back, tokens)
        assert await _is_valid(older, await older.user_tokens())


async def test_a_change_that_other_replicas_load_later_invalidates_no_new_token(
    replicas: Replicas,
) -> None:
    """Tokens issued for the new password stay valid, whenever the other replicas reload."""
    changed = replicas.changed(_user_other_password)
    form = {"grant_type": "password", "username": "alice", "password": "another"}
    async with replicas.running() as first, replicas.running() as second:
        await second.client_token()  # so that it has compared its first load
        await _reloaded(first, deepcopy(changed))
        fresh = (await first.post("/oauth/token", form, "demo-app")).json()
        assert await _is_valid(first, fresh)
        await _reloaded(second, deepcopy(changed))
        assert await _is_valid(second, fresh)
        async with replicas.running(lambda identities: identities.update(deepcopy(changed))) as one:
            assert await _is_valid(one, fresh)
            assert await _is_valid(first, fresh)


async def test_adding_a_second_secret_invalidates_no_token(replicas: Replicas) -> None:
    """A rotation invalidates no token: both secrets are valid, then only the new one."""
    newer = hash_password("newer")

    def both(identities: dict[str, Any]) -> None:
        client = identities["clients"]["demo-app"]
        client["client-secret"] = [newer, client["client-secret"]]

    def alone(identities: dict[str, Any]) -> None:
        identities["clients"]["demo-app"]["client-secret"] = newer

    async with replicas.running() as cas:
        tokens = await cas.user_tokens()
        for change in (both, alone):
            await _reloaded(cas, replicas.changed(change))
            assert await _is_valid(cas, tokens)
    async with replicas.running(alone) as cas:
        assert await _is_valid(cas, tokens)


async def test_withdrawing_a_grant_keeps_the_tokens_of_other_grants(replicas: Replicas) -> None:
    async with replicas.running() as cas:
        own, families = await cas.client_token(), await cas.user_tokens()
        await _reloaded(cas, replicas.changed(_without_password_grant))
        assert (await cas.check(own)).status_code == 200
        assert not await _is_valid(cas, families)


async def test_no_token_is_issued_to_a_user_who_is_disabled_meanwhile(
    replicas: Replicas,
) -> None:
    """The password is correct at first, and wrong by the time the token is written."""
    async with replicas.running() as slow, replicas.running() as fast:
        logins = [asyncio.create_task(slow.user_tokens()) for _ in range(6)]
        await _reloaded(fast, replicas.changed(_user_disabled))
        await _reloaded(fast, replicas.changed())
        for login in logins:
            tokens = await login
            assert await _is_valid(fast, tokens) == await _is_valid(slow, tokens)
        await _reloaded(slow, replicas.changed(_user_disabled))
        await _reloaded(slow, replicas.changed())
        for login in logins:
            await _stays_invalid(fast, login.result())


@pytest.mark.parametrize("end", [_user_disabled, _client_other_secret])
async def test_logins_succeed_while_another_change_is_loaded(
    replicas: Replicas, end: Change
) -> None:
    """Regression: a login was refused when a reload came between password and token."""
    async with replicas.running(end):
        pass
    async with replicas.running() as cas:
        for _ in range(3):
            logins = [asyncio.create_task(cas.user_tokens()) for _ in range(6)]
            await _reloaded(cas, replicas.changed())
            assert [await _is_valid(cas, await login) for login in logins] == [True] * 6


async def test_redis_receives_changes_that_happened_during_its_outage(replicas: Replicas) -> None:
    """No token is checked until Redis has the loaded identities."""
    async with replicas.running() as cas:
        before = await cas.user_tokens()
        assert await _is_valid(cas, before)
        replicas.redis.stop()
        for change in (_user_disabled, lambda _: None):
            cas.identities = replicas.changed(change)
            await _applied(cas)
        replicas.redis.start()

        async def responds() -> bool:
            reply = await cas.check(before["access_token"])
            assert reply.status_code in (400, 503)
            return reply.status_code == 400

        assert await until(responds, what="Redis to be back", seconds=PATIENCE_S)
        await _stays_invalid(cas, before)
        assert await _is_valid(cas, await cas.user_tokens())


async def _applied(cas: Cas) -> None:
    """Change the mount while Redis is away; return once the replica has read it."""
    with capture_logs() as lines:
        cas.write()

        async def reloaded() -> bool:
            return any(line["event"] == "Configuration reloaded" for line in lines)

        assert await until(reloaded, what="the reload", seconds=PATIENCE_S)


async def test_an_emptied_redis_receives_the_changes_again(replicas: Replicas) -> None:
    async with replicas.running() as cas:
        await cas.user_tokens()
        async with Redis(port=replicas.redis.port) as direct:
            await direct.flushall()
        before = await cas.user_tokens()
        assert await _is_valid(cas, before)
    async with replicas.running(_client_deleted):
        pass
    async with replicas.running() as cas:
        await _stays_invalid(cas, before)


async def test_a_redis_that_lost_the_last_change_receives_it_again(replicas: Replicas) -> None:
    """This happens after a failover to a replica that had not received the change."""
    async with replicas.running() as cas, Redis(port=replicas.redis.port) as direct:
        before = await cas.user_tokens()
        known = await direct.hgetall("n:identities")
        version = await direct.get("n:version")
        await _reloaded(cas, replicas.changed(_user_disabled))
        await direct.delete("n:identities")
        await direct.hset("n:identities", mapping=known)  # type: ignore[arg-type]  # of bytes
        await direct.set("n:version", version or b"", ex=9)
        assert not await _is_valid(cas, before)
    async with replicas.running() as cas:
        await _stays_invalid(cas, before)


async def test_a_redis_that_lost_a_restored_identity_receives_it_again(
    replicas: Replicas,
) -> None:
    async with replicas.running() as cas, Redis(port=replicas.redis.port) as direct:
        before = await cas.user_tokens()
        assert await _is_valid(cas, before)
        known = await direct.hgetall("n:identities")
        version = await direct.get("n:version")
        for change in (_user_disabled, lambda _: None):
            await _reloaded(cas, replicas.changed(change))
        await direct.delete("n:identities")
        await direct.hset("n:identities", mapping=known)  # type: ignore[arg-type]  # of bytes
        await direct.set("n:version", version or b"", ex=9)
        await _stays_invalid(cas, before)
        assert await _is_valid(cas, await cas.user_tokens())
    async with replicas.running() as cas:
        await _stays_invalid(cas, before)


async def test_invalidations_are_stored_as_long_as_any_earlier_token_validity(
    replicas: Replicas,
) -> None:
    """Tokens of the removed client with the longest validity may still exist."""

    def longer(identities: dict[str, Any]) -> None:
        identities["clients"]["demo-app"]["refresh-token-validity-seconds"] = 90 * 86400

    for change in (longer, _client_disabled):
        async with replicas.running(change) as cas:
            await cas.user_tokens("admin", "other-app")
    async with Redis(port=replicas.redis.port) as direct:
        since = int((await direct.hget("n:identities", "client:demo-app") or b"").split()[0])
        later = f"{since - 60 * 86400 * 1_000_000} "
        await direct.hset("n:identities", "client:demo-app", later)
        await direct.expire("n:identities", 1000)
        async with replicas.running(_client_disabled) as cas:
            await cas.user_tokens("admin", "other-app")
            assert await direct.ttl("n:identities") >= 90 * 86400
            assert await direct.hget("n:identities", "client:demo-app") == later.encode()


async def test_invalidated_identities_are_audited_without_any_secret(replicas: Replicas) -> None:
    with capture_logs() as lines:
        async with replicas.running() as cas:
            await cas.user_tokens()
        async with replicas.running(_user_disabled, _client_other_secret) as cas:
            assert not await _is_valid(cas, {"access_token": "none"})
    audited = [line for line in lines if line.get("event_type") == "not_before_set"]
    assert [(line.get("user"), line.get("client")) for line in audited] == [
        ("alice", None),
        (None, "demo-app"),
    ] or [(line.get("user"), line.get("client")) for line in audited] == [
        (None, "demo-app"),
        ("alice", None),
    ]
    assert "argon2" not in str(audited)


async def test_invalidated_identities_are_audited_while_too_few_replicas_confirm(
    replicas: Replicas,
) -> None:
    def confirmed(identities: dict[str, Any]) -> None:
        identities["durability"] = {"wait-replicas": 1, "wait-timeout": "50ms"}

    async with replicas.running() as cas:
        await cas.user_tokens()
    with capture_logs() as lines:
        async with replicas.running(_user_disabled, confirmed) as cas:
            for _ in range(2):
                assert (await cas.check("none")).status_code == 503
    audited = [line for line in lines if line.get("event_type") == "not_before_set"]
    assert [line["user"] for line in audited] == ["alice"]


@pytest.mark.parametrize("garbage", ["garbage", "", "-1 ", "0x1f", "9" * 40, "1e99 ", "\u00b2 x"])
async def test_entries_overwritten_by_another_pod_do_not_stop_the_service(
    replicas: Replicas, garbage: str
) -> None:
    """Invalidations may be lost, but the service must not fail until a manual repair."""
    async with replicas.running() as cas, Redis(port=replicas.redis.port) as direct:
        before = await cas.user_tokens()
        for name in (b"client:demo-app", b"user:alice", b"keep", b"user:\xff"):
            await direct.hset("n:identities", name, garbage)
        await direct.set("n:version", garbage)
        assert await _is_valid(cas, before)
        assert await _is_valid(cas, await cas.user_tokens())
        assert str(await direct.hget("n:identities", "user:alice")).startswith("b'0 ")
        await _reloaded(cas, replicas.changed(_user_disabled))
        assert not await _is_valid(cas, before)


async def test_redis_has_no_secret_and_every_entry_has_a_ttl(replicas: Replicas) -> None:
    async with replicas.running() as cas, Redis(port=replicas.redis.port) as direct:
        await cas.user_tokens()
        stored = str(await direct.hgetall("n:identities"))
        for name in ("n:identities", "n:version"):
            assert 30 * 86400 <= await direct.ttl(name) <= 31 * 86400
    hashes = [client["client-secret"] for client in replicas.identities["clients"].values()]
    hashes += [user["password"] for user in replicas.identities["users"].values()]
    assert not [one for one in hashes if one in stored or one.rpartition("$")[2] in stored]
