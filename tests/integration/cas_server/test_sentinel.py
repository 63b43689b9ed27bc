"""docs/design/reliability.md, "Faults that are tested": failovers with replicas and Sentinels.

The history decides: every acknowledged token is valid, and every token whose revocation was
acknowledged is not. All other requests got 503 with Retry-After.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from redis.exceptions import RedisError

from eventually import PATIENCE_S
from integration.cas_server.world import Cas, replicas
from sentinel_suite import SentinelSuite, Server, eventually, sentinel_suite
from suitectl.waiting import until

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SentinelSuite]:
    with sentinel_suite(tmp_path_factory.mktemp("sentinel")) as running:
        yield running


@pytest.fixture
async def complete(suite: SentinelSuite) -> SentinelSuite:
    """Start every test with one primary and two replicas, also after a failed test."""
    suite.revive()
    await asyncio.to_thread(suite.wait_complete)
    return suite


@pytest.fixture
async def cas(
    complete: SentinelSuite, identities: dict[str, object], tmp_path: Path
) -> AsyncIterator[Cas]:
    """Two replicas of cas-server that use the primary named by the Sentinels."""
    password = complete.passwords["cas-server-password"]
    redis = {
        "username": "cas-server",
        "password": password,
        "sentinel": {
            "master": "suite",
            "nodes": [f"{address}:26379" for address in complete.addresses("sentinel")],
            "username": "cas-server",
            "password": password,
        },
    }
    settings = {"spring": {"data": {"redis": redis}}, "durability": {"wait-replicas": 1}}
    async with replicas(tmp_path, {**identities, **settings}, {}, number=2) as both:
        yield both


@dataclass
class History:
    """The responses to clients that continue to write during a fault."""

    cas: Cas
    acknowledged: set[str] = field(default_factory=set)
    revoked: set[str] = field(default_factory=set)
    uncertain: set[str] = field(default_factory=set)

    async def write(self, replica: int) -> None:
        """Issue a token, revoke every third, and record the outcome."""
        token = await self._post("/oauth/token", {"grant_type": "client_credentials"}, replica)
        if token is None:
            return
        value = str(token.json()["access_token"])
        self.acknowledged.add(value)
        if len(self.acknowledged) % 3:
            return
        # Until the response arrives, either outcome is correct.
        self.uncertain.add(value)
        if await self._post("/oauth/revoke", {"token": value}, replica) is not None:
            self.revoked.add(value)
            self.uncertain.discard(value)

    async def _post(self, path: str, form: dict[str, str], replica: int) -> httpx.Response | None:
        reply = await self.cas.post(path, form, "demo-app", replica=replica)
        if reply.status_code == 200:
            return reply
        assert reply.status_code == 503, reply.text
        assert reply.headers["retry-after"]
        return None

    async def check(self) -> None:
        """Compare the state of cas-server with its earlier responses."""
        alive = self.acknowledged - self.revoked - self.uncertain
        for token in alive:
            assert await _checked(self.cas, token) == 200, "an acknowledged token is lost"
        for token in self.revoked:
            assert await _checked(self.cas, token) == 400, "a revoked token is valid"
        assert len(alive) > 10
        assert self.revoked


@asynccontextmanager
async def writers(cas: Cas) -> AsyncIterator[History]:
    """Write to both replicas while the block runs, then check the history."""
    history, ended = History(cas), asyncio.Event()

    async def go_on(replica: int) -> None:
        while not ended.is_set():
            await history.write(replica)
            await asyncio.sleep(0.01)

    async with asyncio.TaskGroup() as group:
        for n in range(4):
            group.create_task(go_on(n % 2))
        await _progress(history)
        try:
            yield history
            await _progress(history)
        finally:
            ended.set()
    await history.check()


async def _progress(history: History) -> None:
    """Wait until writes succeed again."""
    seen = len(history.acknowledged)

    async def further() -> bool:
        return len(history.acknowledged) >= seen + 20

    assert await until(further, what="writes to be acknowledged", seconds=PATIENCE_S)


async def _issued(cas: Cas) -> str | None:
    reply = await cas.post("/oauth/token", {"grant_type": "client_credentials"}, "demo-app")
    return str(reply.json()["access_token"]) if reply.status_code == 200 else None


async def _token(cas: Cas) -> str:
    """Retry until a token is issued, since 503 is allowed during a failover."""
    return await until(lambda: _issued(cas), what="a token", seconds=PATIENCE_S)


async def _checked(cas: Cas, token: str, *, replica: int = 0) -> int:
    """Return the status of a check, retrying while it is 503."""

    async def status() -> int | None:
        found = (await cas.check(token, replica=replica)).status_code
        return None if found == 503 else found

    return await until(status, what="a check", seconds=PATIENCE_S)


async def another(suite: SentinelSuite, than: Server) -> Server:
    """Wait until the Sentinels have promoted another primary; return it."""

    def found() -> Server | None:
        primary = suite.primary()
        return primary if primary is not than else None

    return await asyncio.to_thread(eventually, found, "another primary")


async def test_every_grant_and_endpoint_works_with_the_acl_of_cas_server(
    cas: Cas,
) -> None:
    pair = await cas.user_tokens()
    assert await _checked(cas, pair["access_token"]) == 200
    renewed = (await cas.refresh(pair["refresh_token"])).json()
    assert await _checked(cas, renewed["access_token"], replica=1) == 200
    reused = await cas.refresh(pair["refresh_token"])
    assert reused.status_code == 200, "a retry within the grace window gets the same response"
    form = {"token": renewed["refresh_token"]}
    assert (await cas.post("/oauth/revoke", form, "demo-app")).status_code == 200
    assert await _checked(cas, renewed["access_token"]) == 400


async def test_a_killed_primary_that_restarts_immediately_loses_nothing(
    cas: Cas, complete: SentinelSuite
) -> None:
    """A container that restarts immediately must not resume as primary."""
    primary = complete.primary()
    async with writers(cas):
        primary.kill()
        primary.start()
        await another(complete, primary)
    await asyncio.to_thread(complete.wait_complete)
    assert primary.role() == "slave"
    assert "waiting until a replica has taken over" in primary.log


async def test_servers_that_are_all_killed_restore_everything_from_disk(
    cas: Cas, complete: SentinelSuite
) -> None:
    """When the machine is switched off, no server remains to copy from."""
    async with writers(cas) as history:
        pair = await cas.user_tokens()
    for server in complete.redis:
        server.kill()
    await asyncio.to_thread(complete.revive)
    await asyncio.to_thread(complete.wait_complete)

    async def valid() -> bool:
        return (await cas.check(pair["access_token"])).status_code == 200

    assert await until(valid, what="a token of before to be valid", seconds=PATIENCE_S)
    await history.check()
    assert (await cas.refresh(pair["refresh_token"])).status_code == 200


async def test_a_primary_that_shuts_down_hands_over_first(
    cas: Cas, complete: SentinelSuite
) -> None:
    primary = complete.primary()
    async with writers(cas):
        assert await asyncio.to_thread(primary.run, "stop-redis.sh") == 0
        assert complete.named() != primary.address, "another server is primary before it exits"
        await asyncio.to_thread(primary.terminate)
        primary.start()


async def test_a_primary_that_hangs_and_resumes_misleads_no_client(
    cas: Cas, complete: SentinelSuite
) -> None:
    """As after a partition, it still considers itself primary, and its connections are open."""
    primary = complete.primary()
    async with writers(cas):
        primary.pause()
        await another(complete, primary)
        primary.resume()
    await asyncio.to_thread(complete.wait_complete)


async def test_readers_follow_a_failover_without_a_connection_error(
    cas: Cas, complete: SentinelSuite
) -> None:
    """The old primary stays reachable and returns outdated data for several seconds."""
    token = await _token(cas)
    primary = complete.primary()
    assert await _checked(cas, token) == 200
    with complete.sentinels[0].client() as client:
        client.execute_command("SENTINEL FAILOVER", "suite")
    await another(complete, primary)

    async def revoked() -> bool:
        reply = await cas.post("/oauth/revoke", {"token": token}, "demo-app", replica=1)
        assert reply.status_code in (200, 503)
        return reply.status_code == 200

    async def known() -> bool:
        return (await cas.check(token)).status_code == 400

    assert await until(revoked, what="a revocation at the new primary", seconds=PATIENCE_S)
    assert await until(known, what="the reader to know it", seconds=PATIENCE_S)


async def test_a_primary_that_lost_its_volume_does_not_wipe_its_replicas(
    cas: Cas, complete: SentinelSuite
) -> None:
    primary = complete.primary()
    async with writers(cas):
        primary.kill()
        primary.wipe()
        primary.start()
        await another(complete, primary)


async def test_a_restart_of_everything_preserves_the_tokens(
    cas: Cas, complete: SentinelSuite
) -> None:
    token = await _token(cas)
    for server in complete.servers:
        server.kill()
    for server in complete.servers:
        server.start()
    await asyncio.to_thread(complete.wait_complete)
    assert await _checked(cas, token) == 200


async def test_after_a_full_restart_no_outdated_replica_becomes_primary(
    cas: Cas, complete: SentinelSuite
) -> None:
    """It has the least data, but its offset does not show that, since all start from zero."""
    primary = complete.primary()
    away = next(server for server in complete.redis if server is not primary)
    away.kill()
    # The time of a replica's last sync has a resolution of one second.
    away.out_of_sync_since(seconds=3)
    # The remaining replica may lag for a moment, which results in a 503.
    token = await _token(cas)
    await asyncio.to_thread(complete.probe)
    for server in complete.servers:
        server.kill()
    for server in complete.servers:
        server.start()
    await asyncio.to_thread(complete.wait_complete)
    assert complete.primary() is not away
    assert await _checked(cas, token) == 200


async def test_a_sentinel_without_state_learns_the_primary(complete: SentinelSuite) -> None:
    sentinel = complete.sentinels[0]
    sentinel.kill()
    sentinel.wipe()
    sentinel.start()
    await asyncio.to_thread(complete.wait_complete)


async def test_without_a_majority_there_is_no_failover_and_reads_continue(
    cas: Cas, complete: SentinelSuite
) -> None:
    """A lone Sentinel can't start a failover, and open connections remain.

    Each cas-server has a mark confirm that the primary has a replica, over a
    connection that it has: none can be opened.
    """
    token = await _token(cas)
    with _marks(complete) as mark:
        for sentinel in complete.sentinels[1:]:
            sentinel.kill()
        try:
            for _ in range(3):
                await asyncio.to_thread(eventually, mark, "mark of a watch at the replica")
                assert (await cas.check(token)).status_code == 200
            await _token(cas)
        finally:
            for sentinel in complete.sentinels[1:]:
                sentinel.start()


@contextmanager
def _marks(suite: SentinelSuite) -> Iterator[Callable[[], object]]:
    """Let the block poll for the marks that a replica of Redis receives."""
    replica = next(server for server in suite.redis if server is not suite.primary())
    with replica.client() as client, client.pubsub(ignore_subscribe_messages=True) as heard:
        heard.subscribe("wait")
        # clock: one poll of several
        yield lambda: heard.get_message(timeout=1)


async def test_redis_refuses_clients_without_a_password_and_commands_beyond_the_acl(
    complete: SentinelSuite,
) -> None:
    for server in (complete.primary(), complete.sentinels[0]):
        with server.client("cas-server") as client:
            for command in ("CONFIG GET *", "ACL LIST", "KEYS *", "SENTINEL RESET suite"):
                with pytest.raises(RedisError, match=r"permission|NOPERM|unknown command"):
                    client.execute_command(*command.split())
        with server.client(None) as client, pytest.raises(RedisError, match=r"authenticat"):
            client.ping()


async def test_a_retried_revocation_without_replicas_is_not_acknowledged(
    cas: Cas, complete: SentinelSuite
) -> None:
    """The primary has deleted the token by then, and a failover would restore it."""
    token = await _token(cas)
    primary = complete.primary()
    replicas = [server for server in complete.redis if server is not primary]
    for replica in replicas:
        replica.pause()
    try:
        for _ in range(2):
            reply = await cas.post("/oauth/revoke", {"token": token}, "demo-app")
            assert reply.status_code == 503
    finally:
        for replica in replicas:
            replica.resume()


async def test_a_sentinel_that_lost_its_volume_counts_as_one_voter(
    complete: SentinelSuite,
) -> None:
    """With a new id each time, the remaining ones would need the votes of the lost ids."""
    sentinel, primary = complete.sentinels[0], complete.primary()
    before = _myid(sentinel)
    sentinel.kill()
    sentinel.wipe()
    sentinel.start()
    await asyncio.to_thread(complete.wait_complete)
    assert _myid(sentinel) == before
    sentinel.kill()
    primary.kill()
    try:
        await another(complete, primary)
    finally:
        sentinel.start()
        primary.start()


def _myid(sentinel: Server) -> str:
    with sentinel.client() as client:
        return str(client.execute_command("SENTINEL MYID"))


async def test_a_write_that_changes_nothing_still_waits_for_replicas(
    cas: Cas, complete: SentinelSuite
) -> None:
    """Since Redis 7.2, WAIT covers only writes of its own connection, so there must be one."""
    with _marks(complete) as mark:
        await asyncio.to_thread(mark)
        assert (await cas.post("/oauth/revoke", {"token": "none"}, "demo-app")).status_code == 200
        assert await asyncio.to_thread(eventually, mark, "mark at the replica")


async def test_a_primary_without_majority_and_replicas_is_no_longer_read(
    cas: Cas, complete: SentinelSuite
) -> None:
    """For a client cut off together with it, the others may have revoked the token by now."""
    token = await _token(cas)
    primary = complete.primary()
    away = [*complete.sentinels[1:], *(s for s in complete.redis if s is not primary)]
    for server in away:
        server.pause()

    async def refused() -> bool:
        reply = await cas.check(token)
        assert reply.status_code in (200, 503)
        return reply.status_code == 503

    try:
        assert await until(refused, what="reads to be refused", seconds=PATIENCE_S)
    finally:
        for server in away:
            server.resume()
