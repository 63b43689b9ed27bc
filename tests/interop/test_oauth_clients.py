"""The code flow with Python's clients: Authlib and requests-oauthlib, with and without a secret."""

import importlib
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from authlib.integrations.base_client.errors import OAuthError
from oauthlib.oauth2 import InvalidGrantError
from requests_oauthlib import OAuth2Session

from eventually import PATIENCE_S
from interop.browser import Browser, Seen
from interop.openid_provider import CLIENT, PASSWORD, SECRET, Provider, identities, provider

LOOPBACK = "http://127.0.0.1:51004/callback"
SCOPE = "openid profile read"
NATIVE = {
    **CLIENT,
    "token-endpoint-auth-method": "none",
    "require-pkce": True,
    "redirect-uris": ["http://127.0.0.1/callback"],
}
WEB = {"redirect-uris": NATIVE["redirect-uris"], "require-pkce": True}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    registered = identities({"native": NATIVE})
    registered["clients"]["client"] |= WEB
    with provider(tmp_path_factory.mktemp("provider"), registered, replicas=2) as found:
        yield found


@pytest.fixture(autouse=True)
def _loopback_needs_no_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


def _logged_in(running: Provider, url: str) -> Seen:
    """Log in and allow; return where that leads, which names the issuer (RFC 9207)."""
    seen = Browser(running.issuer).log_in(url, "alice", PASSWORD)
    assert seen.url.startswith(f"{LOOPBACK}?")
    assert seen.parameters["iss"] == running.issuer
    return seen


@pytest.fixture
def authlib_client() -> type[Any]:
    """Return Authlib's client, whose module warns when it is imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = importlib.import_module("authlib.integrations.httpx_client")
    found: type[Any] = module.AsyncOAuth2Client
    return found


@pytest.mark.anyio
@pytest.mark.parametrize("client_id", ["client", "native"])
async def test_authlib_logs_in_refreshes_and_revokes(
    running: Provider, authlib_client: type[Any], client_id: str
) -> None:
    is_public = client_id == "native"
    method: dict[str, Any] = {"token_endpoint_auth_method": "none"} if is_public else {}
    async with authlib_client(
        client_id,
        None if is_public else SECRET,
        scope=SCOPE,
        redirect_uri=LOOPBACK,
        code_challenge_method="S256",
        timeout=PATIENCE_S,
        trust_env=False,
        **method,
    ) as client:
        url, state = client.create_authorization_url(
            f"{running.issuer}/oauth/authorize", code_verifier="v" * 48
        )
        seen, token_url = _logged_in(running, url), f"{running.issuer}/oauth/token"
        code = {"authorization_response": seen.url, "state": state, "code_verifier": "v" * 48}
        first = await client.fetch_token(token_url, **code)
        assert (await client.get(f"{running.issuer}/userinfo")).json()["sub"] == "alice"
        second = await client.refresh_token(token_url, refresh_token=first["refresh_token"])
        assert second["refresh_token"] != first["refresh_token"]
        assert (await client.get(f"{running.issuer}/userinfo")).json()["sub"] == "alice"
        await client.revoke_token(f"{running.issuer}/oauth/revoke", second["refresh_token"])
        assert (await client.get(f"{running.issuer}/userinfo")).status_code == 401
        with pytest.raises(OAuthError, match="invalid_grant"):
            await client.fetch_token(token_url, **code)


@pytest.mark.parametrize("client_id", ["client", "native"])
def test_requests_oauthlib_logs_in_refreshes_and_revokes(running: Provider, client_id: str) -> None:
    is_public = client_id == "native"
    own: dict[str, Any] = (
        {"include_client_id": True} if is_public else {"client_secret": SECRET}
    ) | {"timeout": PATIENCE_S}
    with OAuth2Session(client_id, scope=SCOPE, redirect_uri=LOOPBACK, pkce="S256") as client:
        client.trust_env = False
        url, _ = client.authorization_url(f"{running.issuer}/oauth/authorize")
        seen, token_url = _logged_in(running, url), f"{running.issuer}/oauth/token"
        first = client.fetch_token(token_url, authorization_response=seen.url, **own)
        assert client.get(f"{running.issuer}/userinfo").json()["sub"] == "alice"
        auth = None if is_public else (client_id, SECRET)
        named = {"client_id": client_id} if is_public else {}
        second = client.refresh_token(
            token_url, refresh_token=first["refresh_token"], auth=auth, **named
        )
        assert second["refresh_token"] != first["refresh_token"]
        form = {"token": second["refresh_token"], **named}
        client.post(f"{running.issuer}/oauth/revoke", data=form, auth=auth, withhold_token=True)
        assert client.get(f"{running.issuer}/userinfo").status_code == 401
        with pytest.raises(InvalidGrantError):
            client.fetch_token(token_url, authorization_response=seen.url, **own)
