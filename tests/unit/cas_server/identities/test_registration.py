"""Registrations for the authorization code flow: public clients, redirect URIs, PKCE."""

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from cas_server.identities.clients import client_registry
from cas_server.identities.identities import Identities
from chassis.config import ConfigError
from unit.cas_server.cas_settings import APP, HASH, loaded

PUBLIC: dict[str, Any] = {
    "token-endpoint-auth-method": "none",
    "authorized-grant-types": "authorization_code, refresh_token",
    "redirect-uris": "http://127.0.0.1/cb",
    "resource-ids": "orders",
}


def test_a_public_client_has_no_secret(tmp_path: Path) -> None:
    """RFC 6749, 2.1; docs/design/code-flow.md, "Public clients"."""
    client = client_registry(loaded(tmp_path, {"clients": {"app": PUBLIC}}).settings)["app"]
    assert client.public
    assert client.secrets == ()
    assert client.requires_pkce
    assert client.redirect_uris == ("http://127.0.0.1/cb",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"client-secret": HASH}, "clients.app.client-secret: is set"),
        (
            {"authorized-grant-types": "authorization_code, client_credentials"},
            "clients.app.authorized-grant-types: has a grant that needs a secret",
        ),
        ({"authorized-grant-types": "password"}, "clients.app.authorized-grant-types"),
        ({"require-pkce": False}, "clients.app.require-pkce: is false"),
        ({"require-consent": False}, "clients.app.require-consent: is false"),
        ({"check-tokens": True}, "clients.app.check-tokens: is true"),
        ({"redirect-uris": []}, "clients.app.redirect-uris: is missing"),
        ({"redirect-uris": "http://a.example/cb"}, "clients.app.redirect-uris: has an http URI"),
        ({"post-logout-redirect-uris": "javascript:x"}, "clients.app.post-logout-redirect-uris"),
        ({"token-endpoint-auth-method": "None"}, "clients.app.token-endpoint-auth-method"),
    ],
)
def test_a_registration_that_would_not_protect_is_refused(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, {"clients": {"app": PUBLIC | change}})
    assert said in str(refused.value)


def test_only_a_client_with_a_nonce_may_go_without_pkce(tmp_path: Path) -> None:
    """RFC 9700, 2.1.1: without id_token there is no nonce, and nothing against injected codes."""
    with pytest.raises(ConfigError, match=r"clients\.app\.require-pkce: is false; that needs"):
        loaded(tmp_path, {"clients": {"app": APP | {"require-pkce": False}}})


def test_a_public_client_at_https_may_go_without_consent(tmp_path: Path) -> None:
    """Only the owner of the host is there (RFC 8252, 8.6)."""
    web = PUBLIC | {"redirect-uris": "https://app.example/cb", "require-consent": False}
    assert loaded(tmp_path, {"clients": {"app": web}}).settings.clients["app"].public


def test_a_client_without_required_pkce_is_named_at_each_start(tmp_path: Path) -> None:
    """RFC 9700, 2.1.1."""
    live = loaded(
        tmp_path,
        {"clients": {"app": APP | {"scope": "openid", "require-pkce": False}, "other": APP}},
    )
    with capture_logs() as lines:
        Identities(live)
    assert [line["clients"] for line in lines if "PKCE" in line["event"]] == [["app"]]


def test_a_public_client_that_gets_a_secret_is_another_client(tmp_path: Path) -> None:
    """docs/design/identities.md, "Dead stays dead": what it had issued ends."""
    public = Identities(loaded(tmp_path, {"clients": {"app": PUBLIC}})).marks()["client:app"]
    confidential = Identities(loaded(tmp_path, {"clients": {"app": APP}})).marks()["client:app"]
    assert public
    assert confidential
    assert public != confidential
