"""Tokens of any caller, checked as an authorization server's response."""

import httpx
import pytest

from chassis.testing import Bearer, Serve, as_client, as_user
from unit.chassis.testing.sample import create_app

pytestmark = pytest.mark.anyio

ALICE = as_user("alice", scopes="read", authorities="ROLE_ADMIN")


@pytest.fixture
async def orders(serve: Serve) -> httpx.AsyncClient:
    return await serve(create_app, {"security.oauth2.resource.id": "orders"})


@pytest.mark.parametrize(
    ("caller", "name"),
    [
        (ALICE, "alice"),
        (as_user("bob", client="app", scopes=["write", "read"]), "bob"),
        (as_client("app", scopes="read"), "app"),
        (as_client("app", scopes="read", audience="stock orders"), "app"),
    ],
)
async def test_a_caller_is_who_its_token_says(
    orders: httpx.AsyncClient, caller: Bearer, name: str
) -> None:
    response = await orders.get("/api/me", auth=caller)
    assert (response.status_code, response.json()["caller"]) == (200, name)


@pytest.mark.parametrize(
    ("caller", "path", "status", "error"),
    [
        (None, "/api/me", 401, "unauthorized"),
        (as_user("bob", scopes="write"), "/api/me", 403, "insufficient_scope"),
        (as_user("bob", scopes="read"), "/api/admin", 403, "access_denied"),
        (as_user("bob", scopes="read", expires_in=-1), "/api/me", 401, "invalid_token"),
        (as_user("bob", scopes="read", audience="stock"), "/api/me", 401, "invalid_token"),
        (Bearer("anything"), "/api/me", 401, "invalid_token"),
        (Bearer("test.e30"), "/api/me", 401, "invalid_token"),
        (Bearer("test.x"), "/api/me", 401, "invalid_token"),
    ],
)
async def test_any_other_token_is_refused_as_in_production(
    orders: httpx.AsyncClient, caller: Bearer | None, path: str, status: int, error: str
) -> None:
    response = await orders.get(path, auth=caller)
    assert (response.status_code, response.json()["error"]) == (status, error)
