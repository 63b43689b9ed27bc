"""Sessions on a real Redis: docs/design/sessions.md."""

from collections.abc import AsyncIterator
from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import pytest
from redis import Redis

from cas_server.passwords.hashing import hash_password
from cas_server.sessions import consents
from cas_server.sessions.consents import Consent
from cas_server.sessions.session import Session, cookie_hash
from chassis.testing.redis_process import RedisProcess
from eventually import PATIENCE_S
from integration.cas_server.session_world import Replica, replica, scope
from suitectl import waiting

pytestmark = pytest.mark.anyio


@pytest.fixture
async def one(own_redis: RedisProcess, identities: dict[str, Any]) -> AsyncIterator[Replica]:
    async with replica(own_redis.port, identities) as running:
        yield running


def value(cookie: str) -> str:
    return cookie.partition("=")[2]


async def test_a_session_is_found_by_its_cookie_alone(one: Replica) -> None:
    cookie = await one.begin()

    found = await one.sessions.current(scope(cookie))

    assert found is not None
    assert found.user_name == "alice"
    assert found.device == "Firefox on Linux"
    assert await one.sessions.current(scope()) is None
    assert await one.sessions.current(scope("session=unknown")) is None
    assert await one.sessions.current(scope(f"other={value(cookie)}")) is None


async def test_redis_has_neither_the_cookie_nor_a_session_without_end(
    one: Replica, own_redis: RedisProcess
) -> None:
    cookie = await one.begin()
    await one.consents.allow("alice", "demo-app", ["read"])

    with Redis(port=own_redis.port) as redis:
        names = [key for key in redis.scan_iter() if key[:2] in (b"s:", b"u:")]
        dump = b"".join(redis.dump(key) or b"" for key in redis.scan_iter())
        ends = [redis.ttl(key) for key in names]

    assert len(names) == 3
    assert min(ends) > 0
    assert value(cookie).encode() not in dump


async def test_a_login_ends_the_session_that_the_browser_had(one: Replica) -> None:
    """OWASP ASVS 5.0, 7.2.4: a new identifier at each login."""
    before = await one.begin("admin")

    after = await one.begin("alice", before)

    assert value(after) != value(before)
    assert await one.sessions.current(scope(before)) is None
    assert await one.sessions.list("admin") == []
    assert [session.user_name for session in await one.sessions.list("alice")] == ["alice"]


@pytest.mark.bound("sessions-per-user")
async def test_the_session_that_began_first_is_evicted(
    own_redis: RedisProcess, identities: dict[str, Any]
) -> None:
    async with replica(own_redis.port, identities, session={"max-per-user": 3}) as one:
        cookies = [await one.begin() for _ in range(4)]

        assert len(await one.sessions.list("alice")) == 3
        found = [await one.sessions.current(scope(cookie)) for cookie in cookies]

    assert [session is not None for session in found] == [False, True, True, True]


@pytest.mark.bound("session-time")
async def test_a_session_ends_unused_and_at_its_absolute_end(
    own_redis: RedisProcess, identities: dict[str, Any]
) -> None:
    with Redis(port=own_redis.port) as redis:
        async with replica(own_redis.port, identities) as one:
            cookie = await one.begin()
            key = f"s:{cookie_hash(value(cookie))}"
            assert 1700 < redis.ttl(key) <= 1800
            # As after 9 hours and 55 minutes in which it was used.
            now = int(redis.time()[0])  # clock: Redis' own, moved
            redis.hset(key, "ends", now + 300)
            redis.hset(key, "seen", now - 60)
            assert await one.sessions.current(scope(cookie)) is not None
            assert redis.ttl(key) <= 300
        async with replica(own_redis.port, identities, session={"validity": 1}) as one:
            short = await one.begin()

            async def has_ended() -> bool:
                return await one.sessions.current(scope(short)) is None

            await waiting.until(has_ended, what="an end", seconds=PATIENCE_S, every=0.05)


async def test_the_absolute_end_is_sealed(one: Replica, own_redis: RedisProcess) -> None:
    """Who writes to Redis makes no session last longer, nor anyone another user."""
    cookie, other = await one.begin(), await one.begin("admin")
    with Redis(port=own_redis.port) as redis:
        mine, theirs = (f"s:{cookie_hash(value(one))}" for one in (cookie, other))
        redis.hset(mine, "data", redis.hget(theirs, "data") or b"")

    assert await one.sessions.current(scope(cookie)) is None
    assert await one.sessions.list("alice") == []


async def test_a_session_dies_with_its_user_and_with_the_password(
    own_redis: RedisProcess, identities: dict[str, Any]
) -> None:
    async with replica(own_redis.port, identities) as one:
        alice, admin = await one.begin(), await one.begin("admin")
    changed = deepcopy(identities)
    changed["users"]["alice"]["enabled"] = False
    changed["users"]["admin"]["password"] = hash_password("another-password")
    async with replica(own_redis.port, changed) as other:
        assert await other.sessions.current(scope(alice)) is None
        assert await other.sessions.current(scope(admin)) is None
    async with replica(own_redis.port, identities) as again:
        assert await again.sessions.current(scope(alice)) is None, "it came back with the user"
        assert await again.sessions.list("alice") == []


async def test_a_session_is_ended_by_its_handle(one: Replica) -> None:
    first, second = await one.begin(), await one.begin()
    current = await one.sessions.current(scope(first))
    assert current is not None
    (other,) = [s for s in await one.sessions.list("alice") if s.handle != current.handle]

    assert not await one.sessions.end("admin", other.handle), "ended by another user"
    assert await one.sessions.end("alice", other.handle)

    assert await one.sessions.current(scope(second)) is None
    assert [session.handle for session in await one.sessions.list("alice")] == [current.handle]


async def test_all_other_sessions_are_ended(one: Replica) -> None:
    cookies = [await one.begin() for _ in range(3)]
    current = await one.sessions.current(scope(cookies[1]))
    assert current is not None

    assert await one.sessions.end_all("alice", but=current.handle) == 2

    found = [await one.sessions.current(scope(cookie)) for cookie in cookies]
    assert [session is not None for session in found] == [False, True, False]


async def test_a_logout_ends_the_session_and_its_cookie(one: Replica) -> None:
    cookie = await one.begin()
    request = scope(cookie)

    header = await one.sessions.end_current(request)

    assert header == "session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
    assert await one.sessions.current(request) is None
    assert await one.sessions.current(scope(cookie)) is None


@pytest.mark.parametrize(
    ("issuer", "start", "end"),
    [
        ("http://localhost:2000", "session=", "; Path=/; HttpOnly; SameSite=Lax"),
        ("https://id.example", "__Host-session=", "; Path=/; HttpOnly; SameSite=Lax; Secure"),
    ],
)
async def test_the_cookie_has_the_attributes_of_its_issuer(
    redis: int, identities: dict[str, Any], issuer: str, start: str, end: str
) -> None:
    async with replica(redis, identities, issuer=issuer) as one:
        moment = await one.reconciler.now()
        header = await one.sessions.begin(one.user(), moment, scope())

        assert header.startswith(start)
        assert header.endswith(end)
        assert len(value(header.partition(";")[0])) == 43
        assert await one.sessions.current(scope(header.partition(";")[0])) is not None


async def test_a_consent_is_remembered_added_to_and_withdrawn(one: Replica) -> None:
    assert await one.consents.allowed("alice", "demo-app") == frozenset()
    await one.consents.allow("alice", "demo-app", ["read"])
    await one.consents.allow("alice", "demo-app", ["write"])
    await one.consents.allow("alice", "other-app", ["read"])

    assert await one.consents.allowed("alice", "demo-app") == {"read", "write"}
    assert await one.consents.allowed("admin", "demo-app") == frozenset()

    await one.consents.withdraw("alice", "demo-app")
    assert [consent.client_id for consent in await one.consents.list("alice")] == ["other-app"]


async def test_a_consent_renews_the_scopes_that_the_user_saw(
    own_redis: RedisProcess, identities: dict[str, Any]
) -> None:
    """docs/design/sessions.md, "Consents": each scope has its own end."""
    ends = {}
    for validity, scopes in ((300, ["read", "write"]), (9000, ["write", "openid"])):
        session = {"consent-validity": f"{validity}s"}
        async with replica(own_redis.port, identities, session=session) as one:
            await one.consents.allow("alice", "demo-app", scopes)
            (consent,) = await one.consents.list("alice")
            ends[validity] = consent.ends_at
            lasts = {scope.name: scope.ends_at - scope.given_at for scope in consent.allowed}

    assert lasts == {"openid": 9000, "read": 300, "write": 9000}
    assert ends[9000] == ends[300]


async def test_a_scope_that_ended_is_asked_about_again(
    one: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    await one.consents.allow("alice", "demo-app", ["read"])
    (consent,) = await one.consents.list("alice")
    monkeypatch.setattr(consents, "time", SimpleNamespace(time=lambda: consent.ends_at - 1))
    await one.consents.allow("alice", "demo-app", ["write"])
    assert await one.consents.allowed("alice", "demo-app") == {"read", "write"}

    monkeypatch.setattr(consents, "time", SimpleNamespace(time=lambda: consent.ends_at + 1))
    assert await one.consents.allowed("alice", "demo-app") == {"write"}


def test_a_consent_of_the_form_before_counts_as_none() -> None:
    text = b'[["read"],1800000000,32503680000,"ffffffffffffffff",[7,5]]'
    assert Consent.decode("demo-app", text).scopes == ()


async def test_a_consent_of_another_client_or_user_counts_for_nothing(
    one: Replica, own_redis: RedisProcess
) -> None:
    await one.consents.allow("admin", "demo-app", ["write"])
    with Redis(port=own_redis.port) as redis:
        sealed = redis.hget("u:admin:consents", "demo-app") or b""
        redis.hset("u:alice:consents", "demo-app", sealed)
        redis.hset("u:admin:consents", "other-app", sealed)

    assert await one.consents.allowed("alice", "demo-app") == frozenset()
    assert await one.consents.allowed("admin", "other-app") == frozenset()


async def test_a_consent_dies_with_its_client(
    own_redis: RedisProcess, identities: dict[str, Any]
) -> None:
    async with replica(own_redis.port, identities) as one:
        await one.consents.allow("alice", "demo-app", ["read"])
    less = deepcopy(identities)
    del less["clients"]["demo-app"]
    async with replica(own_redis.port, less) as other:
        assert await other.consents.list("alice") == []
    async with replica(own_redis.port, identities) as again:
        assert await again.consents.allowed("alice", "demo-app") == frozenset()


def test_neither_repr_nor_handle_of_a_session_leads_to_its_cookie() -> None:
    session = Session("f" * 64, "alice", "print", 0, 0, 0)

    assert "f" * 64 not in repr(session)
    assert session.handle not in session.hash
    assert len(session.handle) == 32
