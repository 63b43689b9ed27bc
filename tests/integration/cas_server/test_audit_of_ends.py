"""docs/design/audit.md, rules 1, 3 and 9: what ended is logged, confirmed or not."""

from collections.abc import AsyncIterator, Mapping
from contextlib import nullcontext
from typing import Any, cast

import pytest
from starlette.types import Message
from structlog.testing import capture_logs

from cas_server.administration.people_holdings import PeopleHoldings
from cas_server.endpoints.administration_parts import Administrator, Whose
from cas_server.endpoints.administration_sessions import SessionAdministration
from cas_server.endpoints.revoke import Revoke
from cas_server.errors import Unconfirmed
from cas_server.identities.clients import Client
from cas_server.identities.identities import Identities
from cas_server.stores.redis_authorization_codes import RedisAuthorizationCodes
from cas_server.tokens.access_tokens import Grant, new_token, token_hash
from chassis.testing.redis_process import RedisProcess
from integration.cas_server.people import Person, hidden
from integration.cas_server.session_world import Replica, replica, scope
from integration.cas_server.world import Cas

pytestmark = pytest.mark.anyio

BY = Administrator("operator", "127.0.0.1")


@pytest.fixture
async def one(own_redis: RedisProcess, identities: dict[str, Any]) -> AsyncIterator[Replica]:
    async with replica(own_redis.port, identities) as running:
        yield running


@pytest.fixture
async def alone(own_redis: RedisProcess, identities: dict[str, Any]) -> AsyncIterator[Replica]:
    """The same, whose writes a replica of Redis has to confirm, where there is none."""
    async with replica(own_redis.port, identities, confirmed=False) as running:
        yield running


def administration(of: Replica) -> SessionAdministration:
    codes = RedisAuthorizationCodes(of.store)
    return SessionAdministration(of.identities, PeopleHoldings(of.sessions, of.consents, codes))


def events(lines: list[Any]) -> list[Mapping[str, Any]]:
    """Return the security events without what each has."""
    common = ("event", "log_level")
    return [
        {name: value for name, value in line.items() if name not in common}
        for line in lines
        if "event_type" in line
    ]


async def test_a_session_that_ended_unconfirmed_is_logged(one: Replica, alone: Replica) -> None:
    request = scope(await one.begin())

    with capture_logs() as lines, pytest.raises(Unconfirmed):
        await alone.sessions.end_current(request)

    ended = {"event_type": "session_ended", "user": "alice", "sessions": 1}
    assert events(lines) == [ended]


async def test_a_consent_that_was_given_unconfirmed_is_logged(alone: Replica) -> None:
    with capture_logs() as lines, pytest.raises(Unconfirmed):
        await alone.consents.allow("alice", "demo-app", ["write", "read"])

    given = {"event_type": "consent_given", "user": "alice", "client": "demo-app"}
    assert events(lines) == [given | {"scope": "read write"}]


async def test_an_administrators_end_is_logged_unconfirmed(one: Replica, alone: Replica) -> None:
    session = await one.sessions.current(scope(await one.begin()))
    assert session is not None

    with capture_logs() as lines, pytest.raises(Unconfirmed):
        await administration(alone).end_session(session.handle, "alice", BY)

    ended = {"user": "alice", "address": "127.0.0.1", "by": "operator", "number": 1}
    assert events(lines)[1:] == [
        {"event_type": "ended_by_administrator", "what": "sessions", **ended}
    ]


@pytest.mark.parametrize("by", ["one", "alone"])
async def test_an_administrators_withdrawal_is_none_of_the_user(
    one: Replica, alone: Replica, by: str
) -> None:
    """docs/audit-log.md: consent_withdrawn means that a user took it back."""
    await one.consents.allow("alice", "demo-app", ["read"])
    with capture_logs() as lines:
        raised = pytest.raises(Unconfirmed) if by == "alone" else nullcontext()
        with raised:
            await administration({"one": one, "alone": alone}[by]).end_consents(
                Whose("", "alice"), BY
            )

    (ended,) = events(lines)
    assert ended["event_type"] == "ended_by_administrator"
    assert (ended["what"], ended["number"]) == ("consents", 1)


class Known:
    """Takes each caller for demo-app."""

    def __init__(self, identities: Identities) -> None:
        self._client = identities.client("demo-app")

    async def any_method(self, *_: object) -> Client | None:
        return self._client


async def test_a_revocation_that_is_unconfirmed_is_logged(one: Replica, alone: Replica) -> None:
    token, moment = new_token(), await one.reconciler.now()
    user = one.user()
    grant = Grant("demo-app", ("read",), (), (), user.name, user.fingerprint)
    stored = grant.stored(60).stamped(moment.stamp("demo-app"))
    assert await one.store.issue(token_hash(token), stored, most=9)
    revoke = Revoke(cast("Any", Known(one.identities)), alone.store, alone.store.keys)
    headers = [(b"content-type", b"application/x-www-form-urlencoded")]
    request = {"type": "http", "method": "POST", "headers": headers, "client": ("127.0.0.1", 1)}

    async def receive() -> Message:
        return {"type": "http.request", "body": f"token={token}".encode()}

    async def send(_: Message) -> None:
        raise AssertionError("a response was sent")

    with capture_logs() as lines, pytest.raises(Unconfirmed):
        await revoke(request, receive, send)

    revoked = {"user": "alice", "client": "demo-app", "address": "127.0.0.1"}
    assert events(lines) == [{"event_type": "token_revoked", **revoked}]


async def test_a_users_withdrawal_is_logged_once_and_never_what_was_not_there(
    cas: Cas, redis: int, identities: dict[str, Any]
) -> None:
    async with replica(redis, identities) as parts:
        await parts.consents.allow("alice", "demo-app", ["read"])
        name, _, value = (await parts.begin()).partition("=")
        alice = Person(cas, cookies={name: value})
        form = hidden(await alice.get("/account"))
        with capture_logs() as lines:
            for application in ("demo-app", "demo-app", "typed by mistake"):
                response = await alice.post("/account", form | {"application": application})
                assert response.status_code == 303
        await parts.sessions.end_all("alice")

    (withdrawn,) = events(lines)
    assert withdrawn["event_type"] == "consent_withdrawn"
    assert (withdrawn["user"], withdrawn["client"]) == ("alice", "demo-app")
