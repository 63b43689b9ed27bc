"""docs/design/protocol.md, "check_token", and docs/design/protocol.md,
"Traps of Spring resource servers".
"""

import base64
import time
from urllib.parse import quote

import httpx
import pytest

from eventually import PATIENCE_S
from integration.cas_server.world import BASIC, Cas
from recorded_hashes import recorded_hashes
from suitectl.waiting import until

pytestmark = pytest.mark.anyio
DEAD = {"error": "invalid_token", "error_description": "Token was not recognised"}
PATH = b"/oauth/check_token"


@pytest.fixture(autouse=True, params=["protocol", "asgi"])
async def _way(cas: Cas, request: pytest.FixtureRequest) -> None:
    """Every test runs by both ways: at the protocol once credentials are cached, and by ASGI."""
    if request.param == "asgi":
        cas.http.event_hooks = {"request": [_with_a_query]}
    else:
        for client in ("order-service", "stock-service", "demo-app"):
            await cas.check("any", client)


async def _with_a_query(request: httpx.Request) -> None:
    """Let a request take the way through ASGI: its target is not the path alone."""
    if request.url.raw_path == PATH:
        request.url = request.url.copy_with(raw_path=PATH + b"?")


async def test_a_valid_user_token_has_the_fields_of_the_seed_stack(cas: Cas) -> None:
    token = (await cas.user_tokens("admin"))["access_token"]
    reply = await cas.check(token)
    claims = reply.json()
    assert reply.status_code == 200
    assert claims["active"] is True
    assert claims["client_id"] == "demo-app"
    assert claims["user_name"] == "admin"
    assert claims["authorities"] == ["ROLE_USER", "ROLE_ADMIN"]
    assert claims["scope"] == ["read", "write"]
    assert claims["aud"] == ["order-service", "stock-service"]
    assert isinstance(claims["exp"], int)
    assert claims["exp"] > time.time()
    assert claims["jti"]


async def test_a_client_token_has_no_user_name_and_an_array_of_authorities(
    cas: Cas,
) -> None:
    claims = (await cas.check(await cas.client_token())).json()
    assert "user_name" not in claims
    assert claims["authorities"] == ["ROLE_CLIENT"]


async def test_aud_is_an_array_even_for_one_audience(cas: Cas) -> None:
    token = await cas.client_token("stock-service")
    assert (await cas.check(token, "stock-service")).json()["aud"] == ["stock-service"]


async def test_get_is_405_with_an_error_code(cas: Cas) -> None:
    reply = await cas.http.get(cas.urls[0] + "/oauth/check_token")
    assert reply.status_code == 405
    assert reply.json()["error"] == "method_not_allowed"
    assert reply.headers["allow"] == "POST"


async def test_an_unknown_token_is_400_without_a_challenge_and_not_cacheable(cas: Cas) -> None:
    reply = await cas.check("not-a-token")
    assert reply.status_code == 400
    assert reply.json() == DEAD
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["pragma"] == "no-cache"
    assert "www-authenticate" not in reply.headers


async def test_a_revoked_token_is_never_200_and_never_has_claims(cas: Cas) -> None:
    """2.0.x ignores `active`: it would accept the claims of a revoked token."""
    token = (await cas.user_tokens("admin"))["access_token"]
    await cas.post("/oauth/revoke", {"token": token}, "demo-app")
    reply = await cas.check(token)
    assert reply.status_code == 400
    assert reply.json() == DEAD


async def test_an_expired_token_is_reported_as_expired(cas: Cas) -> None:
    token = await cas.client_token("short-lived-app")

    async def refused() -> str | None:
        reply = await cas.check(token)
        return None if reply.status_code == 200 else reply.json()["error_description"]

    assert (
        await until(refused, what="the token to expire", seconds=PATIENCE_S) == "Token has expired"
    )


async def test_a_refresh_token_is_not_an_access_token(cas: Cas) -> None:
    token = (await cas.user_tokens())["refresh_token"]
    assert (await cas.check(token)).json() == DEAD


async def test_a_token_for_another_audience_is_unknown(cas: Cas) -> None:
    token = await cas.client_token("stock-service")
    assert (await cas.check(token, "order-service")).json() == DEAD


async def test_missing_and_wrong_credentials_are_the_same_401(cas: Cas) -> None:
    token = await cas.client_token()
    url, form = cas.urls[0] + "/oauth/check_token", {"token": token}
    replies = [
        await cas.http.post(url, data=form),
        await cas.http.post(url, data=form, auth=("order-service", "wrong")),
        await cas.http.post(url, data=form, auth=("nobody", "wrong")),
    ]
    for reply in replies:
        assert reply.status_code == 401
        assert reply.json() == replies[0].json()
        assert reply.json()["error"] == "invalid_client"
        assert reply.headers["www-authenticate"] == 'Basic realm="oauth2/client"'


async def test_credentials_in_the_body_are_refused(cas: Cas) -> None:
    form = {
        "token": "x",
        "client_id": "order-service",
        "client_secret": BASIC["order-service"],
    }
    assert (await cas.post("/oauth/check_token", form, None)).status_code == 401


async def test_a_client_that_may_not_check_tokens_is_403(cas: Cas) -> None:
    reply = await cas.check(await cas.client_token(), "demo-app")
    assert reply.status_code == 403
    assert reply.json()["error"] == "access_denied"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "token=",
        "token=a&token=b",
        "other=a",
        "token=" + "a" * 5000,
        "token=%ff",
        "token",
    ],
    ids=["empty", "no value", "twice", "other", "too long", "no UTF-8", "no equals sign"],
)
async def test_a_malformed_request_is_400_with_an_error_code(cas: Cas, body: str) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    reply = await cas.http.post(
        cas.urls[0] + "/oauth/check_token",
        content=body,
        headers=headers,
        auth=("order-service", BASIC["order-service"]),
    )
    assert reply.status_code == 400
    assert reply.json()["error"] == "invalid_request"


async def test_a_json_body_is_400_with_an_error_code(cas: Cas) -> None:
    reply = await cas.http.post(
        cas.urls[0] + "/oauth/check_token",
        json={"token": "x"},
        auth=("order-service", BASIC["order-service"]),
    )
    assert reply.status_code == 400
    assert reply.json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    "authorization",
    [
        b"Basic",
        b"Basic !!!",
        b"Basic " + base64.b64encode(b"no colon"),
        b"Basic " + base64.b64encode(b"\xff\xfe:\xff"),
        b"Bearer abc",
        b"Basic " + b"A" * 20_000,
    ],
    ids=["bare", "no base64", "no colon", "no UTF-8", "bearer", "huge"],
)
async def test_a_malformed_basic_header_is_401_with_an_error_code(
    cas: Cas, authorization: bytes
) -> None:
    """docs/design/protocol.md, "Malformed requests": never a 5xx."""
    reply = await cas.http.post(
        cas.urls[0] + "/oauth/check_token",
        data={"token": "x"},
        headers={"authorization": authorization.decode("latin-1")},
    )
    assert reply.status_code == 401
    assert reply.json()["error"] == "invalid_client"


async def test_two_authorization_headers_are_400_with_an_error_code(cas: Cas) -> None:
    encoded = base64.b64encode(f"order-service:{BASIC['order-service']}".encode()).decode()
    headers = [("authorization", f"Basic {encoded}"), ("authorization", "Basic eDp5")]
    url = cas.urls[0] + "/oauth/check_token"
    reply = await cas.http.post(url, data={"token": "x"}, headers=headers)
    assert (reply.status_code, reply.json()["error"]) == (400, "invalid_request")


async def test_a_reload_keeps_verified_credentials(
    cas: Cas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reload of another setting must not cause many password hashes."""
    token = await cas.client_token()
    assert (await cas.check(token)).status_code == 200
    cas.identities["users"]["bob"] = dict(cas.identities["users"]["alice"])
    cas.write()

    async def bob_exists() -> bool:
        form = {"grant_type": "password", "username": "bob", "password": BASIC["alice"]}
        return (await cas.post("/oauth/token", form, "demo-app")).status_code == 200

    await until(bob_exists, what="the reload", seconds=PATIENCE_S)
    hashes = recorded_hashes(monkeypatch)
    assert (await cas.check(token)).status_code == 200
    assert hashes.work == []


async def test_basic_credentials_are_accepted_raw_and_form_encoded(cas: Cas) -> None:
    """Old clients send credentials raw, and Boot 3.5 form-encodes them (RFC 6749, 2.3.1)."""
    token = await cas.client_token()
    encoded = base64.b64encode(
        f"{quote('order-service')}:{quote(BASIC['order-service'])}".replace("-", "%2D").encode()
    ).decode()
    reply = await cas.http.post(
        cas.urls[0] + "/oauth/check_token",
        data={"token": token},
        headers={"authorization": f"Basic {encoded}"},
    )
    assert reply.status_code == 200


@pytest.mark.parametrize("path", ["/oauth/nothing", "/", "/oauth/check_token/"])
async def test_every_error_body_has_an_error_code(cas: Cas, path: str) -> None:
    """2.3.5 and later accept any JSON without `error` as success."""
    reply = await cas.http.post(cas.urls[0] + path, data={"token": "x"})
    assert reply.status_code >= 400
    assert reply.json()["error"]


async def test_deny_all_closes_check_token_after_the_reload(cas: Cas) -> None:
    token = await cas.client_token()
    assert (await cas.check(token)).status_code == 200
    cas.identities["security"] = {"oauth2": {"authorization": {"check-token-access": "denyAll()"}}}
    cas.write()

    async def closed() -> bool:
        return (await cas.check(token)).status_code == 403

    assert await until(closed, what="check_token to close", seconds=PATIENCE_S)
