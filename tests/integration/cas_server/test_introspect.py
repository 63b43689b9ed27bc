"""docs/design/protocol.md, "introspect"."""

import pytest

from integration.cas_server.world import Cas

pytestmark = pytest.mark.anyio


async def test_live_token_is_told_in_rfc_7662s_words(cas: Cas) -> None:
    token = (await cas.user_tokens())["access_token"]
    claims = (await cas.post("/oauth/introspect", {"token": token})).json()
    assert claims["active"] is True
    assert claims["scope"] == "read write", "an array loses all scopes in Boot 3"
    assert claims["token_type"] == "Bearer"
    assert claims["sub"] == claims["username"] == "alice"
    assert claims["aud"] == ["rest-service", "diff-ns-service"]
    assert {"iss", "iat", "nbf", "exp", "jti", "client_id"} <= claims.keys()
    assert "user_name" not in claims


async def test_client_token_has_the_client_as_subject_and_no_username(cas: Cas) -> None:
    claims = (await cas.post("/oauth/introspect", {"token": await cas.client_token()})).json()
    assert claims["sub"] == "demo-app"
    assert "username" not in claims


async def test_dead_token_is_200_inactive_with_nothing_else(cas: Cas) -> None:
    reply = await cas.post("/oauth/introspect", {"token": "x"})
    assert (reply.status_code, reply.json()) == (200, {"active": False})


async def test_caller_learns_nothing_of_another_audience(cas: Cas) -> None:
    token = await cas.client_token("diff-ns-service")
    reply = await cas.post("/oauth/introspect", {"token": token}, "rest-service")
    assert reply.json() == {"active": False}
