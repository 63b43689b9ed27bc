"""docs/design/openid-connect.md, "id_tokens"."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cas_server.identities.clients import Client, client_registry
from cas_server.oidc.id_tokens import IdTokens, half_hash
from cas_server.signing.signing_keys import SigningKeys
from cas_server.tokens.access_tokens import Grant
from cas_server.tokens.logins import BY_PASSWORD, Login
from chassis import LiveConfig
from chassis.config import ConfigError
from chassis.errors import TemporarilyUnavailable
from chassis.jwt.compact import read_jwt
from signing_keys import pem
from unit.cas_server.cas_settings import APP, loaded

SHOP = APP | {
    "authorized-grant-types": "authorization_code, refresh_token",
    "redirect-uris": ["https://shop.example/callback"],
    "scope": "openid, profile, read",
}
GRANT = Grant("shop", ("openid", "read"), ("a",), (), "alice", login=Login(1_700_000_000))
KEYS = {"rs": pem("RS256"), "es": pem("ES256"), "ed": pem("EdDSA")}


def _live(directory: Path, keys: Mapping[str, str] = KEYS, **more: Any) -> Any:
    tree = {"clients": {"shop": SHOP | more}, "signing-keys": dict(keys)}
    return loaded(directory, tree)


def _client(live: LiveConfig[Any]) -> Client:
    return client_registry(live.settings)["shop"]


def _claims(live: LiveConfig[Any], grant: Grant = GRANT, **more: str) -> dict[str, Any]:
    keys = SigningKeys(live)
    make = IdTokens(live, keys).for_grant(_client(live), grant, **more)
    assert make is not None
    token = read_jwt(make("the-access-token"))
    key = keys.signing(token.algorithm)
    assert key is not None
    assert key.verifies(token.signed, token.signature)
    assert (token.type, token.key_id) == ("jwt", key.id)
    return {"alg": token.algorithm, **token.claims()}


def test_the_claims_are_those_of_the_standard(tmp_path: Path) -> None:
    """OIDC Core, 2."""
    before = int(time.time())
    claims = _claims(_live(tmp_path), nonce="n-0S6", session="s1")
    assert claims.pop("iat") >= before
    assert before + 600 <= claims.pop("exp") <= time.time() + 601
    assert claims == {
        "alg": "RS256",
        "iss": "http://cas-server-service",
        "sub": "alice",
        "aud": "shop",
        "auth_time": 1_700_000_000,
        "acr": BY_PASSWORD,
        "amr": ["pwd"],
        "nonce": "n-0S6",
        "sid": "s1",
        "at_hash": half_hash("RS256", "the-access-token"),
    }


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_a_client_chooses_the_algorithm(tmp_path: Path, algorithm: str) -> None:
    live = _live(tmp_path, KEYS, **{"id-token-signed-response-alg": algorithm})
    assert _claims(live)["alg"] == algorithm


def test_the_half_hash_is_that_of_the_algorithm() -> None:
    """OIDC Core, 3.1.3.6; the example of A.3."""
    token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
    assert half_hash("RS256", token) == half_hash("ES256", token) == "77QmUPtjPfzWtF2AnpK9RQ"
    assert len(half_hash("EdDSA", token)) == 43


@pytest.mark.parametrize(
    "grant", [replace(GRANT, login=None), replace(GRANT, scopes=("read", "profile"))]
)
def test_only_a_login_with_the_scope_openid_has_one(tmp_path: Path, grant: Grant) -> None:
    live = _live(tmp_path)
    assert IdTokens(live, SigningKeys(live)).for_grant(_client(live), grant) is None


@pytest.mark.parametrize(
    ("keys", "more", "named"),
    [
        ({"es": pem("ES256")}, {}, "RS256"),
        ({"es": pem("ES256")}, {"id-token-signed-response-alg": "ES256"}, "RS256"),
        ({"rs": pem("RS256")}, {"id-token-signed-response-alg": "EdDSA"}, "EdDSA"),
    ],
)
def test_the_scope_needs_keys(
    tmp_path: Path, keys: dict[str, str], more: dict[str, str], named: str
) -> None:
    """docs/design/openid-connect.md, "Metadata"."""
    with pytest.raises(ConfigError, match=f"shop.scope: has openid, but no key for {named}"):
        _live(tmp_path, keys, **more)


def test_without_a_login_page_the_scope_needs_no_key(tmp_path: Path) -> None:
    tree = {"clients": {"app": APP | {"scope": "openid"}}}
    assert "openid" in loaded(tmp_path, tree).settings.clients["app"].scope


def test_a_key_that_a_reload_removed_is_a_503(tmp_path: Path) -> None:
    before, after = _live(tmp_path), loaded(tmp_path, {"clients": {"app": APP}})
    make = IdTokens(after, SigningKeys(after)).for_grant(_client(before), GRANT)
    assert make is not None
    with pytest.raises(TemporarilyUnavailable):
        make("the-access-token")
