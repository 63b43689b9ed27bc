"""rest-service grants access by the rules beside its routes."""

import httpx
import pytest
from fastapi import FastAPI

from chassis.testing import Bearer, Serve, as_client, as_user
from rest_service.app import create_app
from sample_services import needs
from service_apps import module_of
from suitectl.catalogue import services

pytestmark = pytest.mark.anyio

DETAIL = "diff-ns-service"
DETAIL_SERVICE = f"{DETAIL}-service.ns-app"
GO_SERVICE = "go-service-service.ns-app"
SETTINGS = {
    "pod": "rest-0",
    "greeting.message": "Hello from a test",
    "discovery.namespaces": "ns-app",
    "security.path.ignores": "/greeting",
}
ALICE = as_user("alice", client="demo-app", scopes="read write", authorities="ROLE_USER")
CALLERS = {
    "alice": ALICE,
    "admin": as_user("admin", scopes="read write", authorities="ROLE_USER ROLE_ADMIN"),
    "read-only-app": as_client("read-only-app", scopes="read"),
    "write-only-app": as_client("write-only-app", scopes="write"),
}


@pytest.fixture
async def rest_service(serve: Serve) -> httpx.AsyncClient:
    """Serve rest-service, which calls the real diff-ns-service where that was not removed."""
    if DETAIL not in services():
        return await serve(create_app, SETTINGS)
    settings = {"release": "v1", "pod": "diff-ns-0"}
    create_diff_ns_service = module_of(DETAIL, "app").create_app
    diff_ns_service = await serve(create_diff_ns_service, settings, http=True)
    return await serve(create_app, SETTINGS, services={DETAIL_SERVICE: diff_ns_service.url})


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
        ("GET", "/api/detail/go"),
    ],
)
async def test_every_other_path_needs_a_token(
    rest_service: httpx.AsyncClient, method: str, path: str
) -> None:
    for auth in (None, Bearer("nobody")):
        response = await rest_service.request(method, path, auth=auth)
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
    response = await rest_service.request(method, path, auth=CALLERS[who], json=message)
    assert response.status_code == status
    if status == 403:
        assert response.json()["error"] in {"insufficient_scope", "access_denied"}


async def test_callers_see_the_identity_of_their_token(rest_service: httpx.AsyncClient) -> None:
    user = await rest_service.get("/api/me", auth=ALICE)
    assert user.json() == {
        "name": "alice",
        "user_name": "alice",
        "client_id": "demo-app",
        "scopes": ["read", "write"],
        "authorities": ["ROLE_USER"],
    }
    client = await rest_service.get("/api/me", auth=CALLERS["read-only-app"])
    assert client.json()["user_name"] is None
    assert client.json()["name"] == "read-only-app"


async def test_any_json_is_echoed(rest_service: httpx.AsyncClient) -> None:
    for message in ({"hello": ["world"]}, [1, 2], "text", False):
        response = await rest_service.post("/api/echo", auth=ALICE, json=message)
        assert response.json() == message


async def test_a_body_that_is_not_json_is_an_invalid_request(
    rest_service: httpx.AsyncClient,
) -> None:
    headers = {"Content-Type": "application/json"}
    response = await rest_service.post("/api/echo", auth=ALICE, headers=headers, content=b"{")
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"


@needs(DETAIL)
@pytest.mark.parametrize(
    ("path", "caller"), [("/api/detail/relayed", "alice"), ("/api/detail/own", "rest-service")]
)
async def test_diff_ns_service_sees_the_caller_or_the_service_itself(
    rest_service: httpx.AsyncClient, path: str, caller: str
) -> None:
    response = await rest_service.get(path, auth=ALICE)
    assert response.status_code == 200
    assert response.json() == {
        "service": "diff-ns-service",
        "version": "v1",
        "pod": "diff-ns-0",
        "caller": caller,
    }


@needs(DETAIL)
async def test_a_refusal_by_diff_ns_service_is_passed_on(rest_service: httpx.AsyncClient) -> None:
    response = await rest_service.get("/api/detail/relayed", auth=CALLERS["write-only-app"])
    assert response.status_code == 403
    assert response.json()["error"] == "access_denied"


async def test_an_invalid_detail_is_a_502_with_a_reason(serve: Serve) -> None:
    other = FastAPI()
    other.get("/api/detail")(lambda: {"version": 7})
    fake = await serve(other, http=True)
    rest_service = await serve(create_app, SETTINGS, services={DETAIL_SERVICE: fake.url})
    response = await rest_service.get("/api/detail/relayed", auth=ALICE)
    assert (response.status_code, response.json()["error"]) == (502, "bad_gateway")
    assert "detail" in response.json()["error_description"]


async def test_the_detail_of_the_service_in_go_says_as_whom_it_called_back(serve: Serve) -> None:
    sent = {"service": "go-service", "version": "1", "pod": "go-0", "caller": "alice"}
    detail, other = {**sent, "called_back_as": "go-service"}, FastAPI()
    replies: list[dict[str, str]] = [detail, sent]
    other.get("/api/detail")(lambda: replies.pop(0))
    served = await serve(other, http=True)
    rest_service = await serve(create_app, SETTINGS, services={GO_SERVICE: served.url})
    response = await rest_service.get("/api/detail/go", auth=ALICE)
    assert (response.status_code, response.json()) == (200, detail)
    response = await rest_service.get("/api/detail/go", auth=ALICE)
    assert response.status_code == 502
    assert "go-service-service" in response.json()["error_description"]


async def test_without_the_service_in_go_its_callers_get_a_503(
    rest_service: httpx.AsyncClient,
) -> None:
    response = await rest_service.get("/api/detail/go", auth=ALICE)
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
