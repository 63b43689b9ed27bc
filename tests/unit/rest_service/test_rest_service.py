"""rest-service grants access by the rules beside its routes."""

import json
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from chassis import LiveConfig
from chassis.testing import app_client, bearer
from rest_service.app import create_app
from rest_service.settings import Greeting, RestSettings
from served import served
from unit.rest_service.callers import known_tokens

pytestmark = pytest.mark.anyio


async def test_the_greeting_is_open_and_names_the_replica(
    rest_service: httpx.AsyncClient,
) -> None:
    response = await rest_service.get("/greeting")
    assert response.status_code == 200
    assert response.json() == {"greeting": "Hello from a test", "pod": "rest-0"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/me"),
        ("GET", "/api/items"),
        ("GET", "/api/admin"),
        ("POST", "/api/echo"),
        ("GET", "/api/detail/relayed"),
        ("GET", "/api/detail/own"),
    ],
)
async def test_every_other_path_needs_a_token(
    rest_service: httpx.AsyncClient, method: str, path: str
) -> None:
    for headers in ({}, bearer("nobody")):
        response = await rest_service.request(method, path, headers=headers)
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert response.json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "who", "status"),
    [
        ("GET", "/api/items", "alice", 200),
        ("GET", "/api/items", "read-only-app", 200),
        ("GET", "/api/items", "write-only-app", 403),
        ("GET", "/api/admin", "admin", 200),
        ("GET", "/api/admin", "alice", 403),
        ("POST", "/api/echo", "alice", 200),
        ("POST", "/api/echo", "read-only-app", 403),
    ],
)
async def test_access_depends_on_scopes_and_authorities(
    rest_service: httpx.AsyncClient, method: str, path: str, who: str, status: int
) -> None:
    message = {"hello": "world"} if method == "POST" else None
    response = await rest_service.request(method, path, headers=bearer(who), json=message)
    assert response.status_code == status
    if status == 403:
        assert response.json()["error"] in {"insufficient_scope", "access_denied"}


async def test_callers_see_the_identity_of_their_token(rest_service: httpx.AsyncClient) -> None:
    user = await rest_service.get("/api/me", headers=bearer("alice"))
    assert user.json() == {
        "name": "alice",
        "user_name": "alice",
        "client_id": "demo-app",
        "scopes": ["read", "write"],
        "authorities": ["ROLE_USER"],
    }
    client = await rest_service.get("/api/me", headers=bearer("read-only-app"))
    assert client.json()["user_name"] is None
    assert client.json()["name"] == "read-only-app"


async def test_any_json_is_echoed(rest_service: httpx.AsyncClient) -> None:
    for message in ({"hello": ["world"]}, [1, 2], "text", False):
        response = await rest_service.post("/api/echo", headers=bearer("alice"), json=message)
        assert response.json() == message


async def test_a_body_that_is_not_json_is_an_invalid_request(
    rest_service: httpx.AsyncClient,
) -> None:
    headers = bearer("alice") | {"Content-Type": "application/json"}
    response = await rest_service.post("/api/echo", headers=headers, content=b"{")
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("path", "caller"), [("/api/detail/relayed", "alice"), ("/api/detail/own", "read-only-app")]
)
async def test_diff_ns_service_sees_the_caller_or_the_service_itself(
    rest_service: httpx.AsyncClient, path: str, caller: str
) -> None:
    response = await rest_service.get(path, headers=bearer("alice"))
    assert response.status_code == 200
    assert response.json() == {
        "service": "diff-ns-service",
        "version": "v1",
        "pod": "diff-ns-0",
        "caller": caller,
    }


async def test_a_refusal_by_diff_ns_service_is_passed_on(rest_service: httpx.AsyncClient) -> None:
    response = await rest_service.get("/api/detail/relayed", headers=bearer("write-only-app"))
    assert response.status_code == 403
    assert response.json()["error"] == "access_denied"


async def test_an_invalid_detail_is_a_502_with_a_reason(tmp_path: Path) -> None:
    other = FastAPI()
    other.get("/api/detail")(lambda: {"version": 7})
    async with served(other) as (url,):
        table = tmp_path / "table.json"
        address = url.removeprefix("http://")
        table.write_text(json.dumps({"diff-ns-service-service.default:80": address}))
        settings = RestSettings(
            greeting=Greeting(message="Hello"), discovery={"mode": "static", "table": str(table)}
        )
        app = create_app(LiveConfig.fixed(settings), token_services=known_tokens())
        async with app_client(app) as client:
            response = await client.get("/api/detail/relayed", headers=bearer("alice"))
    assert (response.status_code, response.json()["error"]) == (502, "bad_gateway")
    assert "detail" in response.json()["error_description"]
