"""The OpenAPI document says what `requires` demands, and where callers get a token."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from chassis import (
    Authentication,
    LiveConfig,
    ServiceSettings,
    any_of,
    authority,
    create_app,
    requires,
    scope,
)
from chassis.config.sections import (
    OAuth2ClientSettings,
    OAuth2Settings,
    PathSettings,
    SecuritySettings,
    ServerSettings,
    ServletSettings,
)
from chassis.testing import StaticTokenServices, bearer

pytestmark = pytest.mark.anyio
TOKEN_URL = "http://issuer/oauth/token"
router = APIRouter()
either = any_of(scope("stock"), authority("ROLE_B"))


@router.get("/any")
async def any_token() -> str:
    return ""


@router.get("/read", dependencies=[requires(scope("read"), authority("ROLE_A"))])
async def read() -> str:
    """Return nothing."""
    return ""


@router.get("/either", dependencies=[requires(scope("read"), either), requires(scope("read"))])
async def one_of_two() -> str:
    return ""


@router.get("/open")
async def open_to_all() -> str:
    return ""


def app_of(context_path: str = "", token_url: str | None = TOKEN_URL, **more: Any) -> FastAPI:
    oauth2 = OAuth2Settings(client=OAuth2ClientSettings(access_token_uri=token_url))
    settings = ServiceSettings(
        server=ServerSettings(servlet=ServletSettings(context_path=context_path)),
        security=SecuritySettings(path=PathSettings(ignores=("/open",)), oauth2=oauth2),
    )
    live = LiveConfig.fixed(settings, profiles=more.pop("profiles", ()))
    return create_app(live, title="sample", version="1", routers=[router], **more)


def security(app: FastAPI, path: str) -> list[Mapping[str, list[str]]] | None:
    found: list[Mapping[str, list[str]]] | None = app.openapi()["paths"][path]["get"].get(
        "security"
    )
    return found


def test_an_operation_names_the_scopes_and_authorities_that_it_requires() -> None:
    app = app_of()
    assert security(app, "/read") == [{"oauth2": ["read"]}, {"bearer": ["read", "ROLE_A"]}]
    assert security(app, "/any") == [{"oauth2": []}, {"bearer": []}]
    assert security(app, "/open") is None


def test_each_way_to_satisfy_the_rules_is_an_alternative() -> None:
    assert security(app_of(), "/either") == [
        *({"oauth2": ["read", "stock"]}, {"oauth2": ["read"]}),
        *({"bearer": ["read", "stock"]}, {"bearer": ["read", "ROLE_B"]}),
    ]


def test_the_description_says_it_in_words() -> None:
    paths = app_of().openapi()["paths"]
    assert paths["/read"]["get"]["description"] == (
        "Return nothing.\n\nRequires scope `read` and authority `ROLE_A`."
    )
    assert paths["/either"]["get"]["description"] == (
        "Requires scope `read` and scope `stock`, or scope `read` and authority `ROLE_B`."
    )
    assert "description" not in paths["/any"]["get"]


def test_the_flows_have_the_token_endpoint_and_each_scope_with_its_operations() -> None:
    scheme = app_of().openapi()["components"]["securitySchemes"]["oauth2"]
    scopes = {"read": "for read, one_of_two", "stock": "for one_of_two"}
    assert scheme["flows"] == {
        "password": {"tokenUrl": TOKEN_URL, "refreshUrl": TOKEN_URL, "scopes": scopes},
        "clientCredentials": {"tokenUrl": TOKEN_URL, "scopes": scopes},
    }


def test_without_a_known_token_endpoint_a_token_can_still_be_pasted() -> None:
    app = app_of(token_url=None)
    assert [*app.openapi()["components"]["securitySchemes"]] == ["bearer"]
    assert security(app, "/read") == [{"bearer": ["read", "ROLE_A"]}]


def test_server_and_own_token_endpoint_have_the_context_path() -> None:
    document = app_of("/shop", token_path="/oauth/token").openapi()
    assert document["servers"] == [{"url": "/shop"}]
    flows = document["components"]["securitySchemes"]["oauth2"]["flows"]
    assert flows["password"]["tokenUrl"] == "/shop/oauth/token"
    assert "authorizationCode" not in flows


def test_the_code_flow_is_that_of_the_services_own_authorization_endpoint() -> None:
    app = app_of("/shop", token_path="/token", authorization_path="/authorize")
    flow = app.openapi()["components"]["securitySchemes"]["oauth2"]["flows"]["authorizationCode"]
    assert flow == {
        "authorizationUrl": "/shop/authorize",
        "tokenUrl": "/shop/token",
        "refreshUrl": "/shop/token",
        "scopes": {"read": "for read, one_of_two", "stock": "for one_of_two"},
    }


def test_a_well_known_path_is_not_below_the_context_path() -> None:
    known: dict[str, Any] = {"paths": {"/.well-known/x": {"get": {}}}}
    document = app_of("/shop", openapi=lambda: known).openapi()
    assert document["paths"]["/.well-known/x"]["servers"] == [{"url": "/"}]


async def test_the_page_is_below_the_context_path_too() -> None:
    async with client_of(app_of("/shop", profiles=("dev",))) as client:
        assert (await client.get("/shop/docs")).status_code == 200
        assert (await client.get("/shop/docs/page.js")).status_code == 200
        assert (await client.get("/docs")).status_code == 404


@pytest.mark.parametrize("profiles", [("dev", "prod"), ("prod",)])
async def test_the_page_is_never_open_under_prod(profiles: tuple[str, ...]) -> None:
    valid = Authentication(client_id="app")
    app = app_of(profiles=profiles, token_services=StaticTokenServices({"valid": valid}))
    async with client_of(app) as client:
        for path in ("/docs", "/openapi.json", "/docs/page.js"):
            assert (await client.get(path)).status_code == 401
        assert (await client.get("/openapi.json", headers=bearer("valid"))).status_code == 200
        posted = await client.post("/docs/token", headers=bearer("valid"))
        assert (posted.status_code, posted.json()["error"]) == (404, "not_found")


async def test_only_the_paths_of_the_page_are_open() -> None:
    async with client_of(app_of(profiles=("dev",))) as client:
        for path in ("/any", "/docs/", "/docs/other.js", "/docsx", "/redoc", "/openapi.jsonx"):
            assert (await client.get(path)).status_code == 401, path


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")
