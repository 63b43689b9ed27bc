"""What the OpenAPI document declares of the token endpoints is what they respond."""

from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest

from cas_server.app import create_app
from cas_server.settings import CasSettings
from chassis import LiveConfig
from integration.cas_server.world import Cas

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def paths() -> dict[str, Any]:
    return dict(create_app(LiveConfig.fixed(CasSettings())).openapi()["paths"])


def check(paths: dict[str, Any], response: httpx.Response) -> None:
    declared = paths[response.url.path]["post"]["responses"][str(response.status_code)]
    jsonschema.validate(response.json(), declared["content"]["application/json"]["schema"])
    assert [name for name in declared.get("headers", ()) if name not in response.headers] == []


async def test_successes_are_as_declared(cas: Cas, paths: dict[str, Any]) -> None:
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


@pytest.mark.parametrize("path", ["check_token", "introspect", "revoke", "token"])
async def test_refusals_are_as_declared(cas: Cas, paths: dict[str, Any], path: str) -> None:
    client = "rest-service"
    responses = [
        await cas.post(f"/oauth/{path}", {}, client),
        await cas.post(f"/oauth/{path}", {"token": "?", "grant_type": "?"}, None),
        await cas.post(f"/oauth/{path}", {"token": "a" * 70_000}, client),
    ]
    assert [response.status_code for response in responses] == [400, 401, 413]
    for response in responses:
        check(paths, response)
