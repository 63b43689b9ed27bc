"""docs/design/protocol.md, "introspect"."""

import pytest

from integration.cas_server.world import Cas

pytestmark = pytest.mark.anyio


async def test_a_valid_token_is_described_with_the_members_of_rfc_7662(cas: Cas) -> None:
    token = (await cas.user_tokens())["access_token"]
    claims = (await cas.post("/oauth/introspect", {"token": token})).json()
    assert claims["active"] is True
    assert claims["scope"] == "read write", "Boot 3 ignores scopes in an array"
    assert claims["token_type"] == "Bearer"
    assert claims["sub"] == claims["username"] == "alice"
    assert claims["aud"] == ["order-service", "stock-service"]
    assert {"iss", "iat", "nbf", "exp", "jti", "client_id"} <= claims.keys()
    assert "user_name" not in claims


async def test_a_client_token_has_the_client_as_subject_and_no_username(cas: Cas) -> None:
    claims = (await cas.post("/oauth/introspect", {"token": await cas.client_token()})).json()
    assert claims["sub"] == "demo-app"
    assert "username" not in claims


async def test_an_invalid_token_is_200_with_active_false_and_nothing_else(cas: Cas) -> None:
    reply = await cas.post("/oauth/introspect", {"token": "x"})
    assert (reply.status_code, reply.json()) == (200, {"active": False})


async def test_a_token_of_another_audience_is_inactive(cas: Cas) -> None:
    token = await cas.client_token("stock-service")
    reply = await cas.post("/oauth/introspect", {"token": token}, "order-service")
    assert reply.json() == {"active": False}
