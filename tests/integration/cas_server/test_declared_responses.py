"""The token endpoints respond as their OpenAPI document declares."""

from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest

from cas_server.app import create_app
from cas_server.settings import CasSettings
from chassis import LiveConfig
from chassis.testing import bearer
from integration.cas_server.world import Cas

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def paths() -> dict[str, Any]:
    return dict(create_app(LiveConfig.fixed(CasSettings())).openapi()["paths"])


def check(paths: dict[str, Any], response: httpx.Response) -> None:
    declared = paths[response.url.path][method_of(response)]["responses"][str(response.status_code)]
    jsonschema.validate(response.json(), declared["content"]["application/json"]["schema"])
    assert [name for name in declared.get("headers", ()) if name not in response.headers] == []


def method_of(response: httpx.Response) -> str:
    return response.request.method.lower()


async def test_successful_responses_match_their_declaration(
    cas: Cas, paths: dict[str, Any]
) -> None:
    user = {"grant_type": "password", "username": "alice", "password": "alice-secret"}
    issued = await cas.post("/oauth/token", user, "demo-app")
    for token in (issued.json()["access_token"], await cas.client_token()):
        for path in ("/oauth/check_token", "/oauth/introspect"):
            response = await cas.post(path, {"token": token})
            assert response.json()["active"] is True
            check(paths, response)
        check(paths, await cas.post("/oauth/revoke", {"token": token}, "demo-app"))
        check(paths, await cas.post("/oauth/introspect", {"token": token}))
    assert issued.status_code == 200
    check(paths, issued)


async def test_the_user_response_matches_its_declaration(cas: Cas, paths: dict[str, Any]) -> None:
    user, client = (await cas.user_tokens())["access_token"], await cas.client_token()
    for token, status in ((user, 200), (client, 403), ("unknown", 401), (None, 401)):
        headers = bearer(token) if token else {}
        response = await cas.http.get(f"{cas.urls[0]}/api/v1/user", headers=headers)
        assert response.status_code == status
        check(paths, response)


async def test_a_client_that_may_not_check_tokens_is_refused_as_declared(
    cas: Cas, paths: dict[str, Any]
) -> None:
    for path in ("/oauth/check_token", "/oauth/introspect"):
        response = await cas.post(path, {"token": "?"}, "demo-app")
        assert response.status_code == 403
        check(paths, response)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"grant_type": "implicit"}, "unsupported_grant_type"),
        ({"grant_type": "password", "username": "alice", "password": "?"}, "invalid_grant"),
        ({"grant_type": "client_credentials", "scope": "?"}, "invalid_scope"),
        ({}, "invalid_request"),
    ],
)
async def test_a_refused_grant_is_as_declared(
    cas: Cas, paths: dict[str, Any], form: dict[str, str], code: str
) -> None:
    response = await cas.post("/oauth/token", form, "demo-app")
    assert response.json()["error"] == code
    check(paths, response)


async def test_a_token_of_another_client_is_refused_as_declared(
    cas: Cas, paths: dict[str, Any]
) -> None:
    response = await cas.post("/oauth/revoke", {"token": await cas.client_token()})
    assert response.json()["error"] == "invalid_grant"
    check(paths, response)


async def test_too_many_failures_are_refused_as_declared(cas: Cas, paths: dict[str, Any]) -> None:
    form = {"grant_type": "password", "username": "alice", "password": "?"}
    tried = [await cas.post("/oauth/token", form, "demo-app") for _ in range(11)]
    assert tried[-1].status_code == 429
    check(paths, tried[-1])


@pytest.mark.parametrize("path", ["check_token", "introspect", "revoke", "token"])
async def test_error_responses_match_their_declaration(
    cas: Cas, paths: dict[str, Any], path: str
) -> None:
    client = "order-service"
    responses = [
        await cas.post(f"/oauth/{path}", {}, client),
        await cas.post(f"/oauth/{path}", {"token": "?", "grant_type": "?"}, None),
        await cas.post(f"/oauth/{path}", {"token": "a" * 70_000}, client),
    ]
    assert [response.status_code for response in responses] == [400, 401, 413]
    for response in responses:
        check(paths, response)
