"""Who may list and end tokens, and what ends at every replica.

docs/design/administration.md, "Who may"; docs/design/administration.md, "What is shown".
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from redis import Redis

from cas_server.administration import holdings, people_holdings
from cas_server.administration.operator_token import new_operator_token
from cas_server.passwords.hashing import hash_password
from cas_server.settings import CasSettings
from cas_server.tokens.access_tokens import token_hash
from cas_server.tokens.record_keys import RecordKeys
from chassis import LiveConfig
from chassis.testing import bearer
from eventually import PATIENCE_S
from integration.cas_server import session_world
from integration.cas_server.session_world import Replica, scope
from integration.cas_server.world import BASIC, Cas
from suitectl import waiting

pytestmark = pytest.mark.anyio

FAMILIES, TOKENS, HOLDERS = "/admin/v1/families", "/admin/v1/tokens", "/admin/v1/holders"
SESSIONS, CONSENTS = "/admin/v1/sessions", "/admin/v1/consents"
OPERATORS = {
    "operator": {},
    "no-authority": {"authorities": ["ROLE_CLIENT"]},
    "no-scope": {"scope": ["read"]},
    "no-audience": {"resource-ids": ["order-service"]},
}
RECORD_KEY = "k" * 43


@pytest.fixture(scope="session")
def secret() -> str:
    return hash_password("operator-secret")


@pytest.fixture
def identities(identities: dict[str, Any], secret: str) -> dict[str, Any]:
    for name, differing in OPERATORS.items():
        BASIC[name] = "operator-secret"
        identities["clients"][name] = {
            "client-secret": secret,
            "authorized-grant-types": ["client_credentials"],
            "scope": ["admin"],
            "resource-ids": ["cas-server"],
            "authorities": ["ROLE_ADMIN"],
            **differing,
        }
    identities["record-keys"] = [RECORD_KEY]
    return identities


class Operator:
    """Calls the protected API with an access token."""

    def __init__(self, cas: Cas, token: str) -> None:
        self._cas, self._headers = cas, bearer(token)

    async def send(
        self, method: str, path: str, query: dict[str, str] | None = None, *, replica: int = 0
    ) -> httpx.Response:
        url = self._cas.urls[replica] + path
        return await self._cas.http.request(method, url, params=query, headers=self._headers)

    async def listed(self, path: str, **query: str) -> list[dict[str, Any]]:
        """Return all rows, page by page."""
        kind, found = path.rpartition("/")[2], []
        while True:
            response = await self.send("GET", path, query)
            assert response.status_code == 200, response.text
            body = response.json()
            found += body[kind]
            if "next" not in body:
                return found
            query["cursor"] = body["next"]

    async def ended(self, path: str, *, replica: int = 0, **query: str) -> int:
        """End all, page by page."""
        number = 0
        while True:
            response = await self.send("DELETE", path, query, replica=replica)
            assert response.status_code == 200, response.text
            number += int(response.json()["ended"])
            if "next" not in response.json():
                return number
            query["cursor"] = response.json()["next"]


@pytest.fixture
async def operator(cas: Cas) -> Operator:
    return Operator(cas, await cas.client_token("operator"))


async def test_a_family_that_an_administrator_ends_is_dead_at_every_replica(
    cas: Cas, operator: Operator
) -> None:
    tokens = await cas.user_tokens()
    (family, *_) = await operator.listed(FAMILIES, username="alice", client_id="demo-app")
    ended = await operator.send("DELETE", f"{FAMILIES}/{family['family']}", replica=1)

    assert ended.json() == {"ended": 1}
    for replica in (0, 1):
        refused = await cas.refresh(tokens["refresh_token"], replica=replica)
        assert refused.json()["error"] == "invalid_grant"
        checked = await cas.check(tokens["access_token"], replica=replica)
        assert checked.status_code == 400


async def test_all_families_of_a_user_end_and_those_of_others_live(
    cas: Cas, operator: Operator
) -> None:
    await operator.ended(FAMILIES, username="alice")
    of_alice = [await cas.user_tokens(client=client) for client in ("demo-app", "other-app")]
    of_admin = await cas.user_tokens("admin")

    assert await operator.ended(FAMILIES, username="alice", replica=1) == 2
    for replica in (0, 1):
        for tokens, client in zip(of_alice, ("demo-app", "other-app"), strict=True):
            refused = await cas.refresh(tokens["refresh_token"], client, replica=replica)
            assert refused.json()["error"] == "invalid_grant"
        assert (await cas.check(of_admin["access_token"], replica=replica)).status_code == 200
    assert await operator.listed(FAMILIES, username="alice") == []


async def test_a_family_is_listed_with_its_grant(cas: Cas, operator: Operator) -> None:
    tokens = await cas.user_tokens(scope="read")
    assert (await cas.refresh(tokens["refresh_token"])).status_code == 200
    (newest, *_) = await operator.listed(FAMILIES, username="alice", client_id="demo-app")

    assert (newest["client_id"], newest["username"]) == ("demo-app", "alice")
    assert newest["scope"] == "read"
    assert newest["aud"] == ["order-service", "stock-service"]
    assert newest["refreshes"] == 1
    assert newest["exp"] - newest["iat"] == pytest.approx(30 * 86400, abs=2)


async def test_an_access_token_ends_by_its_handle_at_every_replica(
    cas: Cas, operator: Operator
) -> None:
    token, other = await cas.client_token(), await cas.client_token()
    handle = token_hash(token)[:16]
    rows = await operator.listed(TOKENS, client_id="demo-app")
    assert handle in [row["token"] for row in rows]
    ended = await operator.send("DELETE", f"{TOKENS}/{handle}", {"client_id": "demo-app"})

    assert ended.json() == {"ended": 1}
    for replica in (0, 1):
        assert (await cas.check(token, replica=replica)).status_code == 400
        assert (await cas.check(other, replica=replica)).status_code == 200
    again = await operator.send("DELETE", f"{TOKENS}/{handle}", {"client_id": "demo-app"})
    assert (again.status_code, again.json()["error"]) == (404, "not_found")


async def test_the_access_tokens_of_a_user_end_and_the_families_go_on(
    cas: Cas, operator: Operator
) -> None:
    await operator.ended(FAMILIES, username="admin")
    tokens, of_client = await cas.user_tokens("admin"), await cas.client_token()
    rows = await operator.listed(TOKENS, username="admin")
    assert [row["username"] for row in rows] == ["admin"]

    assert await operator.ended(TOKENS, username="admin") == 1
    assert (await cas.check(tokens["access_token"], replica=1)).status_code == 400
    assert (await cas.check(of_client)).status_code == 200
    assert (await cas.refresh(tokens["refresh_token"])).status_code == 200


@pytest.fixture
async def browsers(redis: int, identities: dict[str, Any]) -> AsyncIterator[Replica]:
    """Another replica on the same Redis, whose sessions and consents a test makes."""
    with Redis(port=redis) as store:
        store.delete("u:alice")  # sessions of other tests, by other record keys, are counted too
    async with session_world.replica(redis, identities) as running:
        yield running


async def test_the_sessions_of_a_user_end_at_every_replica(
    operator: Operator, browsers: Replica
) -> None:
    first, second = await browsers.begin(), await browsers.begin()
    rows = await operator.listed(SESSIONS, username="alice")
    assert {row["username"] for row in rows} == {"alice"}
    assert rows[0]["device"] == "Firefox on Linux"
    holders = await operator.listed(HOLDERS, username="alice")
    assert [row["count"] for row in holders if row["kind"] == "sessions"] == [len(rows)]

    ended = await operator.send("DELETE", f"{SESSIONS}/{rows[0]['session']}", {"username": "alice"})
    assert ended.json() == {"ended": 1}
    assert await operator.ended(SESSIONS, username="alice") == len(rows) - 1
    for cookie in (first, second):
        assert await browsers.sessions.current(scope(cookie)) is None
    again = await operator.send("DELETE", f"{SESSIONS}/{rows[0]['session']}", {"username": "alice"})
    assert again.status_code == 404


async def test_a_consent_that_is_withdrawn_takes_the_families_along(
    cas: Cas, operator: Operator, browsers: Replica
) -> None:
    tokens = await cas.user_tokens("admin")
    await browsers.consents.allow("admin", "demo-app", ["read"])
    await browsers.consents.allow("admin", "other-app", ["write"])
    (row,) = await operator.listed(CONSENTS, username="admin", client_id="demo-app")
    assert (row["client_id"], row["scope"]) == ("demo-app", "read")

    assert await operator.ended(CONSENTS, client_id="demo-app") == 1
    assert (await cas.refresh(tokens["refresh_token"], replica=1)).status_code == 400
    (left,) = await operator.listed(CONSENTS, username="admin")
    assert left["client_id"] == "other-app"


async def test_sessions_and_consents_are_read_in_pages_of_users(
    operator: Operator, browsers: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    await browsers.begin()
    await browsers.consents.allow("alice", "demo-app", ["read"])
    monkeypatch.setattr(people_holdings, "MOST_USERS", 1)
    first = await operator.send("GET", CONSENTS)

    assert first.json()["next"]
    assert "alice" in {row["username"] for row in await operator.listed(CONSENTS)}
    assert "alice" in {row["username"] for row in await operator.listed(SESSIONS)}


@pytest.mark.bound("listing-page")
async def test_a_page_reads_a_bounded_number_and_names_the_next(
    cas: Cas, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    await operator.ended(FAMILIES, client_id="other-app")
    await asyncio.gather(*(cas.user_tokens(user, "other-app") for user in ("alice", "admin")))
    monkeypatch.setattr(holdings, "MOST_INDEXES", 1)
    monkeypatch.setattr(holdings, "MOST_RECORDS", 1)
    pages = [await operator.send("GET", FAMILIES, {"client_id": "other-app"})]
    pages.append(await operator.send("GET", TOKENS, {"username": "alice"}))

    assert all("next" in page.json() for page in pages)
    assert len(await operator.listed(FAMILIES, client_id="other-app")) == 2
    assert len(await operator.listed(TOKENS, username="alice")) >= 1
    too_many = await operator.send("GET", FAMILIES, {"limit": "1001"})
    assert too_many.json()["error"] == "invalid_request"


@pytest.mark.bound("ended-at-once")
async def test_a_request_ends_a_bounded_number(
    cas: Cas, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    await operator.ended(FAMILIES, client_id="other-app")
    await asyncio.gather(*(cas.user_tokens(client="other-app") for _ in range(3)))
    monkeypatch.setattr(holdings, "MOST_ENDED", 2)
    first = await operator.send("DELETE", FAMILIES, {"client_id": "other-app"})

    assert first.json()["ended"] == 2
    assert await operator.ended(FAMILIES, client_id="other-app") == 1


async def test_a_listing_is_read_in_pages_and_has_each_once(cas: Cas, operator: Operator) -> None:
    await operator.ended(FAMILIES, client_id="other-app")
    users = ("alice", "admin", "alice", "admin", "alice")
    await asyncio.gather(*(cas.user_tokens(user, "other-app") for user in users))
    rows = await operator.listed(FAMILIES, client_id="other-app", limit="2")

    assert len({row["family"] for row in rows}) == len(rows) == 5
    assert [row["username"] for row in rows] == ["admin"] * 2 + ["alice"] * 3
    assert len(await operator.listed(TOKENS, client_id="other-app", limit="1")) >= 5


async def test_holders_are_counted_by_client_and_user(cas: Cas, operator: Operator) -> None:
    await operator.ended(FAMILIES, username="alice", client_id="other-app")
    before = await cas.user_tokens(client="other-app")
    rows = await operator.listed(HOLDERS, client_id="other-app", limit="1")

    (families,) = [row for row in rows if row.get("username") == "alice"]
    assert (families["kind"], families["count"]) == ("families", 1)
    assert families["oldest"] == families["newest"]
    (tokens,) = [row for row in rows if row["kind"] == "access tokens"]
    assert tokens["count"] >= 1
    assert before["access_token"] not in str(rows)


async def test_no_listing_has_a_token(cas: Cas, operator: Operator) -> None:
    tokens = await cas.user_tokens()
    pages = [
        await operator.send("GET", path, {"client_id": "demo-app", "limit": "1000"})
        for path in (FAMILIES, TOKENS, HOLDERS)
    ]
    for page in pages:
        for secret in (tokens["access_token"], tokens["refresh_token"]):
            assert secret not in page.text
            assert token_hash(secret) not in page.text


async def test_what_is_dead_is_not_listed(
    cas: Cas, operator: Operator, identities: dict[str, Any]
) -> None:
    await cas.user_tokens("admin", "other-app")
    identities["password-grant-clients"] = ["demo-app"]
    cas.write()

    async def is_empty() -> bool:
        return await operator.listed(FAMILIES, client_id="other-app") == []

    await waiting.until(is_empty, what="the reload", seconds=PATIENCE_S, every=0.01)


@pytest.mark.parametrize(
    ("client", "status", "error"),
    [
        ("no-authority", 403, "access_denied"),
        ("no-scope", 403, "insufficient_scope"),
        ("no-audience", 401, "invalid_token"),
    ],
)
async def test_other_tokens_are_refused(cas: Cas, client: str, status: int, error: str) -> None:
    stranger = Operator(cas, await cas.client_token(client))
    for method, path in (("GET", HOLDERS), ("DELETE", FAMILIES), ("GET", "/admin/v1/keys")):
        response = await stranger.send(method, path)
        assert (response.status_code, response.json()["error"]) == (status, error)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"username": "nobody"}, 404),
        ({"client_id": "nobody"}, 404),
        ({}, 400),
        ({"user": "alice"}, 400),
        ({"username": "alice", "limit": "1"}, 400),
        ({"username": "alice", "cursor": "x"}, 400),
        ({"username": "alice", "cursor": "a:b"}, 400),
        ({"username": "alice", "cursor": "a:b:c:1"}, 400),
        ({"username": "alice", "cursor": f"{'a' * 528}::1"}, 400),
        ({"username": ""}, 400),
        ({"username": "a" * 257}, 400),
    ],
)
async def test_what_is_meant_by_nobody_ends_nothing(
    cas: Cas, operator: Operator, query: dict[str, str], status: int
) -> None:
    tokens = await cas.user_tokens()
    for path in (FAMILIES, TOKENS):
        response = await operator.send("DELETE", path, query)
        assert response.status_code == status, response.text
        assert response.json()["error"]
    assert (await cas.refresh(tokens["refresh_token"])).status_code == 200


async def test_a_parameter_that_a_request_does_not_have_ends_nothing(
    operator: Operator, browsers: Replica
) -> None:
    """With one that is ignored, more would end than was meant."""
    cookie = await browsers.begin()
    response = await operator.send(
        "DELETE", SESSIONS, {"username": "alice", "client_id": "other-app"}
    )
    assert response.json()["error"] == "invalid_request"
    assert await browsers.sessions.current(scope(cookie)) is not None


async def test_a_repeated_name_ends_nothing(operator: Operator) -> None:
    response = await operator.send("DELETE", f"{FAMILIES}?username=alice&username=admin")
    assert response.status_code == 400
    assert response.json()["error_description"] == "A parameter is repeated"


@pytest.mark.parametrize("handle", ["0" * 15, "0" * 17, "x" * 16, "0" * 64])
async def test_a_malformed_handle_is_a_400(operator: Operator, handle: str) -> None:
    of_client = {"client_id": "demo-app"}
    for path, query in ((TOKENS, of_client), (FAMILIES, None)):
        response = await operator.send("DELETE", f"{path}/{handle}", query)
        assert response.status_code == 400


class TestUnderProd:
    @pytest.fixture
    def profiles(self) -> tuple[str, ...]:
        return ("prod",)

    async def test_access_tokens_may_not_administer_unless_that_is_set(
        self, cas: Cas, operator: Operator, identities: dict[str, Any]
    ) -> None:
        assert (await operator.send("GET", HOLDERS)).status_code == 404
        identities["administration"] = {"enabled": True}
        cas.write()

        async def is_on() -> bool:
            return (await operator.send("GET", HOLDERS)).status_code == 200

        await waiting.until(is_on, what="the reload", seconds=PATIENCE_S, every=0.01)

    async def test_a_command_in_the_pod_may(self, cas: Cas) -> None:
        in_pod = Operator(cas, new_operator_token(_keys(RECORD_KEY)))
        assert (await in_pod.send("GET", HOLDERS)).status_code == 200
        forged = Operator(cas, new_operator_token(_keys("j" * 43)))
        assert (await forged.send("GET", HOLDERS)).status_code == 401


def _keys(key: str) -> RecordKeys:
    return RecordKeys(LiveConfig.fixed(CasSettings(record_keys=(SecretStr(key),))))
