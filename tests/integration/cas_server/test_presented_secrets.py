"""docs/design/identities.md, "Names and passwords": those of requests.

Normalized to NFC, never in a URI, no demo secret under `prod`.
"""

import unicodedata
from collections.abc import Awaitable, Callable
from typing import Any, Literal
from urllib.parse import quote

import httpx
import pytest

from cas_server.passwords.hashing import hash_password
from chassis.normal_form import MAX_LENGTH
from integration.cas_server.world import BASIC, Cas
from recorded_hashes import recorded_hashes

pytestmark = pytest.mark.anyio

COMPOSED, APART = "Jos\u00e9", "Jose\u0301"
CLIENT = "orders_app"
"""A client with its demo secret; no service may have this name, so its registration is this one."""
TOKEN = {"grant_type": "client_credentials"}
Send = Callable[[Cas, str, str], Awaitable[httpx.Response]]


@pytest.fixture(scope="module")
def demo_hashes() -> dict[str, str]:
    return {name: hash_password(f"{name}-123") for name in (CLIENT, "carol", COMPOSED)}


@pytest.fixture
def identities(identities: dict[str, Any], demo_hashes: dict[str, str]) -> dict[str, Any]:
    """Add a client and a user with demo secrets, which their hashes do not reveal."""
    app = identities["clients"]["demo-app"]
    client = app | {"client-secret": demo_hashes[CLIENT]}
    users = {
        "carol": {"password": demo_hashes["carol"]},
        APART: {"password": demo_hashes[COMPOSED]},
    }
    return identities | {
        "record-keys": ["k" * 43],
        "clients": identities["clients"] | {CLIENT: client},
        "users": identities["users"] | users,
    }


async def _basic(cas: Cas, name: str, secret: str) -> httpx.Response:
    return await cas.http.post(cas.urls[0] + "/oauth/token", data=TOKEN, auth=(name, secret))


async def _encoded_basic(cas: Cas, name: str, secret: str) -> httpx.Response:
    """Send form-encoded credentials, as Spring Boot 3 does, with every character encoded."""
    escaped = [quote(part, safe="").replace("-", "%2d") for part in (name, secret)]
    return await _basic(cas, *escaped)


async def _form(cas: Cas, name: str, secret: str) -> httpx.Response:
    form = TOKEN | {"client_id": name, "client_secret": secret}
    return await cas.http.post(cas.urls[0] + "/oauth/token", data=form)


async def _check_token(cas: Cas, name: str, secret: str) -> httpx.Response:
    url = cas.urls[0] + "/oauth/check_token"
    return await cas.http.post(url, data={"token": "x"}, auth=(name, secret))


async def _login(cas: Cas, name: str, secret: str) -> httpx.Response:
    form = {"grant_type": "password", "username": name, "password": secret}
    return await cas.post("/oauth/token", form, "demo-app")


class TestUnderProd:
    @pytest.fixture
    def profiles(self) -> tuple[str, ...]:
        return ("prod",)

    @pytest.mark.parametrize("send", [_basic, _encoded_basic, _form, _check_token])
    async def test_a_clients_demo_secret_is_refused_although_its_hash_is_registered(
        self, cas: Cas, send: Send
    ) -> None:
        assert (await send(cas, CLIENT, f"{CLIENT}-123")).status_code == 401

    async def test_a_users_demo_secret_is_refused_although_its_hash_is_registered(
        self, cas: Cas
    ) -> None:
        for name in ("carol", COMPOSED, APART):
            reply = await _login(cas, name, f"{name}-123")
            assert reply.status_code == 400
            assert reply.json()["error"] == "invalid_grant"

    async def test_a_demo_secret_is_refused_before_a_hash_is_computed(
        self, cas: Cas, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hashes, computed = recorded_hashes(monkeypatch), []
        for ending in ("123", "124"):
            for name in (CLIENT, "order-service", "nobody", "demo-app"):
                assert (await _basic(cas, name, f"{name}-{ending}")).status_code == 401
            computed.append(len(hashes.work))
        assert computed == [0, 4]

    async def test_other_secrets_of_demo_identities_are_compared(self, cas: Cas) -> None:
        assert (await _login(cas, "alice", BASIC["alice"])).is_success
        assert (await _basic(cas, "order-service", BASIC["order-service"])).is_success


@pytest.mark.parametrize("send", [_basic, _encoded_basic, _form])
async def test_demo_secrets_are_accepted_without_prod(cas: Cas, send: Send) -> None:
    assert (await send(cas, CLIENT, f"{CLIENT}-123")).is_success


@pytest.mark.parametrize("name", [COMPOSED, APART])
@pytest.mark.parametrize("password", [f"{COMPOSED}-123", f"{APART}-123"])
async def test_names_and_passwords_are_equal_in_every_unicode_normal_form(
    cas: Cas, name: str, password: str
) -> None:
    """The registration has one form of `é`, and the keyboard produces the other."""
    reply = await _login(cas, name, password)
    assert reply.is_success, reply.text
    user = cas.urls[0] + "/api/v1/user"
    bearer = {"Authorization": f"Bearer {reply.json()['access_token']}"}
    assert (await cas.http.get(user, headers=bearer)).json()["user"] == COMPOSED


@pytest.mark.bound("secret-length")
async def test_many_combining_marks_are_never_normalized(
    cas: Cas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Normalization sorts them in quadratic time: 3 s for 32,000 on the event loop."""
    normalized: list[str] = []
    normalize = unicodedata.normalize

    def recorded(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
        normalized.append(text)
        return normalize(form, text)

    monkeypatch.setattr(unicodedata, "normalize", recorded)
    marks = "\u0301\u0323" * 2_400
    assert (await _form(cas, marks, marks)).status_code == 401
    assert (await _login(cas, marks, marks)).status_code == 400
    assert (await _form(cas, APART, "wrong")).status_code == 401
    assert APART in normalized
    assert max(map(len, normalized)) <= MAX_LENGTH


@pytest.mark.parametrize(
    "path",
    [
        *("/oauth/check_token", "/oauth/introspect", "/oauth/token", "/oauth/revoke"),
    ],
)
@pytest.mark.parametrize(
    "query",
    [
        *("token=x", "client_secret=x", "a=1&token=x", "%74oken=x", "access_token=x", "password=x"),
        *(
            "refresh_token=x",
            "client_assertion=x",
            "client_id=order-service&client_secret=rest-secret",
        ),
    ],
)
async def test_a_secret_in_the_uri_is_refused_at_each_endpoint(
    cas: Cas, path: str, query: str
) -> None:
    """RFC 6749, 2.3.1; every proxy on the path logs the URI."""
    token = await cas.client_token("order-service")
    form = TOKEN | {"token": token}
    reply = await cas.post(f"{path}?{query}", form, "order-service")
    assert reply.status_code == 400
    assert reply.json()["error"] == "invalid_request"
    assert "URI" in reply.json()["error_description"]


@pytest.mark.parametrize("with_header", [True, False])
async def test_an_access_token_in_the_uri_is_refused(cas: Cas, *, with_header: bool) -> None:
    """RFC 6750, 2.3: no server of the suite accepts one there, nor two methods at once (2)."""
    tokens = await cas.user_tokens()
    bearer = f"Bearer {tokens['access_token']}" if with_header else ""
    for query in (f"access_token={tokens['access_token']}", "x=1&access%5Ftoken="):
        reply = await cas.http.get(
            f"{cas.urls[0]}/api/v1/user?{query}",
            headers={"Authorization": bearer} if bearer else {},
        )
        assert reply.status_code == 400
        assert reply.json()["error"] == "invalid_request"
