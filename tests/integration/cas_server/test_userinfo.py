"""docs/design/openid-connect.md, "Userinfo"."""

from typing import Any

import httpx
import pytest

from integration.cas_server.world import Cas

pytestmark = pytest.mark.anyio
ALICE = {"name": "Alice Example", "email": "alice@example.com", "email-verified": True}
EVERYTHING = {
    "sub": "alice",
    "preferred_username": "alice",
    "name": "Alice Example",
    "email": "alice@example.com",
    "email_verified": True,
}


@pytest.fixture
def identities(identities: dict[str, Any]) -> dict[str, Any]:
    identities["users"]["alice"] |= ALICE
    identities["clients"]["demo-app"]["scope"] += ["openid", "profile", "email"]
    return identities


async def _token(cas: Cas, scope: str = "openid profile email") -> str:
    return str((await cas.user_tokens(scope=scope))["access_token"])


async def _asked(cas: Cas, method: str, token: str, **options: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"}
    return await cas.http.request(method, cas.urls[1] + "/userinfo", headers=headers, **options)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_token_in_the_header_describes_its_user(cas: Cas, method: str) -> None:
    response = await _asked(cas, method, await _token(cas))
    assert (response.status_code, response.json()) == (200, EVERYTHING)
    assert response.headers["content-type"].startswith("application/json")
    assert response.headers["cache-control"] == "no-store"


async def test_a_token_in_the_form_of_a_post_describes_its_user(cas: Cas) -> None:
    form = {"access_token": await _token(cas)}
    response = await cas.http.post(cas.urls[1] + "/userinfo", data=form)
    assert (response.status_code, response.json()) == (200, EVERYTHING)


async def test_a_scope_that_was_not_granted_has_no_claims(cas: Cas) -> None:
    response = await _asked(cas, "GET", await _token(cas, "read openid"))
    assert response.json() == {"sub": "alice"}


async def test_without_a_token_the_challenge_has_no_error(cas: Cas) -> None:
    """RFC 6750, 3.1."""
    for method in ("GET", "POST"):
        response = await cas.http.request(method, cas.urls[0] + "/userinfo")
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("token", ["unknown", "not~a+token/==", "ü"])
async def test_an_unknown_or_malformed_token_is_401(cas: Cas, token: str) -> None:
    for sent in (
        await cas.http.get(
            cas.urls[0] + "/userinfo", headers=[(b"authorization", f"Bearer {token}".encode())]
        ),
        await cas.http.post(cas.urls[0] + "/userinfo", data={"access_token": token}),
    ):
        assert (sent.status_code, sent.json()["error"]) == (401, "invalid_token")
        assert 'error="invalid_token"' in sent.headers["www-authenticate"]


async def test_a_token_without_the_scope_openid_is_403(cas: Cas) -> None:
    for token in (await _token(cas, "read profile"), await cas.client_token()):
        response = await _asked(cas, "GET", token)
        assert (response.status_code, response.json()["error"]) == (403, "insufficient_scope")
        assert 'scope="openid"' in response.headers["www-authenticate"]


async def test_two_tokens_in_one_request_are_400(cas: Cas) -> None:
    """RFC 6750, 2."""
    token = await _token(cas)
    response = await _asked(cas, "POST", token, data={"access_token": token})
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


async def test_a_token_in_the_uri_is_400(cas: Cas) -> None:
    url = f"{cas.urls[0]}/userinfo?access_token={await _token(cas)}"
    for method in ("GET", "POST"):
        assert (await cas.http.request(method, url)).status_code == 400


async def test_a_revoked_token_describes_nobody(cas: Cas) -> None:
    token = await _token(cas)
    await cas.post("/oauth/revoke", {"token": token}, "demo-app")
    assert (await _asked(cas, "GET", token)).status_code == 401


async def test_other_methods_are_405(cas: Cas) -> None:
    response = await _asked(cas, "PUT", "any")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, POST")


async def test_a_clients_own_token_is_about_no_user(cas: Cas) -> None:
    """docs/design/openid-connect.md, "Scopes"."""
    fields = {"grant_type": "client_credentials"}
    granted = (await cas.post("/oauth/token", fields, "demo-app")).json()
    assert granted["scope"] == "read write"
    refused = await cas.post("/oauth/token", {**fields, "scope": "read openid"}, "demo-app")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")
