"""docs/design/openid-connect.md: logins by OpenID Connect over two replicas."""

import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from redis import Redis

from cas_server.tokens.logins import BY_PASSWORD
from chassis.jwt.compact import read_jwt
from integration.cas_server.code_flow import (
    CALLBACK,
    SECRETS,
    Browser,
    code_clients,
    location,
    without_pkce,
)
from integration.cas_server.session_world import Replica, replica, scope
from integration.cas_server.world import BASIC, Cas
from signing_keys import pem

pytestmark = pytest.mark.anyio


@pytest.fixture
def identities(identities: dict[str, Any], hashes: dict[str, str]) -> dict[str, Any]:
    clients = code_clients(hashes) | without_pkce(hashes)
    for client in clients.values():
        client["scope"] = ["openid", "profile", "read"]
        client["require-consent"] = "client-secret" not in client
    identities["clients"] |= clients
    identities["clients"]["signed"] = {**clients["web"], "token-format": "jwt"}
    identities["signing-keys"] = {"rs": pem("RS256"), "es": pem("ES256")}
    return identities


@pytest.fixture
async def parts(redis: int, identities: dict[str, Any]) -> AsyncIterator[Replica]:
    with Redis(port=redis) as store:
        store.delete(*store.scan_iter("c:*"), "g:c:alice")
    async with replica(redis, identities) as running:
        yield running


@pytest.fixture
async def browser(cas: Cas, parts: Replica) -> Browser:
    return Browser(cas, await parts.begin("alice"), client="web")


async def _log_in(browser: Browser, **change: str) -> dict[str, Any]:
    code = await browser.code(**{"scope": "openid read", "nonce": "n-0S6", **change})
    return dict((await browser.at(1).redeem(code)).raise_for_status().json())


def _claims(tokens: dict[str, Any]) -> dict[str, Any]:
    return dict(read_jwt(tokens["id_token"]).claims())


async def test_a_login_tells_the_client_who_when_and_how(browser: Browser, parts: Replica) -> None:
    """ "id_tokens"."""
    tokens = await _log_in(browser)
    session = await parts.sessions.current(scope(browser.cookie))
    assert session is not None
    claims = _claims(tokens)
    assert (claims["sub"], claims["aud"], claims["nonce"]) == ("alice", "web", "n-0S6")
    assert (claims["auth_time"], claims["acr"]) == (session.authenticated_at, BY_PASSWORD)
    assert claims["sid"] == session.handle


async def test_without_the_scope_there_is_no_id_token(browser: Browser) -> None:
    assert "id_token" not in await _log_in(browser, scope="read")


async def test_a_refresh_keeps_the_login_and_has_no_nonce(browser: Browser) -> None:
    """ "id_tokens": OIDC Core, 12.2; a repeated refresh gets the same."""
    first = await _log_in(browser)
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = (await browser.token(form)).raise_for_status().json()
    before, after = _claims(first), _claims(second)
    for name in ("iss", "sub", "aud", "auth_time", "acr"):
        assert before[name] == after[name]
    assert "nonce" not in after
    again = (await browser.at(1).token(form)).raise_for_status().json()
    assert again["id_token"] == second["id_token"]
    narrower = {**form, "refresh_token": second["refresh_token"], "scope": "read"}
    assert "id_token" not in (await browser.token(narrower)).json()


async def test_a_client_without_refresh_gets_an_id_token_too(browser: Browser) -> None:
    browser.client = "no-refresh"
    tokens = await _log_in(browser)
    assert "refresh_token" not in tokens
    assert _claims(tokens)["aud"] == "no-refresh"


async def test_resource_services_learn_of_the_login(browser: Browser) -> None:
    """ "Step-up": RFC 9470, 6."""
    tokens = await _log_in(browser)
    told = {"auth_time": _claims(tokens)["auth_time"], "acr": BY_PASSWORD}
    checked = (await browser.cas.check(tokens["access_token"])).json()
    assert told.items() <= checked.items()
    form = {"token": tokens["access_token"]}
    assert told.items() <= (await browser.cas.post("/oauth/introspect", form)).json().items()
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    renewed = (await browser.token(refresh)).json()["access_token"]
    assert told.items() <= (await browser.cas.check(renewed)).json().items()
    others = (await browser.cas.check(await browser.cas.client_token())).json()
    assert not told.keys() & others.keys()


async def test_a_signed_access_token_tells_it_itself(browser: Browser) -> None:
    """ "Step-up": RFC 9068, 2.2.1."""
    browser.client = "signed"
    SECRETS["signed"] = BASIC["demo-app"]
    tokens = await _log_in(browser)
    claims = read_jwt(tokens["access_token"]).claims()
    assert (claims["auth_time"], claims["acr"]) == (_claims(tokens)["auth_time"], BY_PASSWORD)


async def test_the_access_token_describes_the_user(browser: Browser) -> None:
    tokens = await _log_in(browser, scope="openid profile")
    headers = {"authorization": f"Bearer {tokens['access_token']}"}
    response = await browser.cas.http.get(browser.cas.urls[0] + "/userinfo", headers=headers)
    assert response.json() == {"sub": "alice", "preferred_username": "alice"}


async def test_a_hint_of_the_same_user_changes_nothing(browser: Browser) -> None:
    """ "Hints"."""
    hint = (await _log_in(browser))["id_token"]
    assert "code" in location(await browser.authorize(prompt="none", id_token_hint=hint))


async def test_a_hint_of_another_user_demands_that_users_login(
    browser: Browser, parts: Replica
) -> None:
    """ "Hints": OIDC Core, 3.1.2.1."""
    hint = (await _log_in(browser))["id_token"]
    browser.cookie = await parts.begin("admin")
    refused = location(await browser.authorize(prompt="none", id_token_hint=hint))
    assert refused["error"] == "login_required"
    asked = await browser.authorize(id_token_hint=hint)
    assert asked.headers["location"].startswith("/login?")
    back = browser.cas.urls[0] + location(asked)["return"]

    for user, outcome in (("admin", "error"), ("alice", "code")):
        cookie = {"Cookie": await parts.begin(user)}
        assert outcome in location(await browser.cas.http.get(back, headers=cookie))


@pytest.mark.parametrize("of_another_client", [True, False])
async def test_a_hint_that_names_nobody_is_ignored_where_a_page_may_ask(
    browser: Browser, *, of_another_client: bool
) -> None:
    """ "Hints": its key may be gone, or it is another client's."""
    hint = (await _log_in(browser))["id_token"] if of_another_client else "no.id.token"
    browser.client = "no-pkce"
    refused = location(await browser.authorize(prompt="none", id_token_hint=hint))
    assert refused["error"] == "login_required"
    assert "code" in location(await browser.authorize(id_token_hint=hint))


async def test_a_post_from_another_site_is_sent_again_by_get(browser: Browser) -> None:
    """ "Requests": browsers send `SameSite=Lax` cookies with a GET alone."""
    url = browser.cas.urls[0] + "/oauth/authorize"
    request = browser.request(scope="openid", nonce="n")
    response = await browser.cas.http.post(url, data=request)
    assert response.status_code == 303
    again = urlsplit(response.headers["location"])
    assert again.path == "/oauth/authorize"
    assert {name: value for name, (value,) in parse_qs(again.query).items()} == request
    bad = await browser.cas.http.post(url, data={**request, "prompt": "none login"})
    assert location(bad)["error"] == "invalid_request"
    nowhere = await browser.cas.http.post(url, data={**request, "redirect_uri": CALLBACK + "x"})
    assert nowhere.status_code == 400


async def test_unknown_acr_values_are_no_error(browser: Browser) -> None:
    """ "Requests": OIDC Core, 3.1.2.1 has them voluntary; the token says what it is."""
    before = int(time.time())
    claims = _claims(await _log_in(browser, acr_values="urn:unknown", ui_locales="se"))
    assert claims["acr"] == BY_PASSWORD
    assert claims["auth_time"] <= before
