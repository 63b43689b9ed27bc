"""The OpenAPI document has exactly the served endpoints, including the fast paths."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from cas_server.app import create_app
from cas_server.authorization.flow import AUTHORIZE
from cas_server.endpoints.authorize import CONSENT
from cas_server.endpoints.end_session import CONFIRMED, END_SESSION
from cas_server.endpoints.keys import OPEN_PATHS
from cas_server.endpoints.metadata import OPENID_CONFIGURATION, WELL_KNOWN
from cas_server.endpoints.userinfo import USERINFO
from cas_server.settings import CasSettings
from chassis import LiveConfig

pytestmark = pytest.mark.anyio
FAST = ("/oauth/check_token", "/oauth/introspect", "/oauth/revoke", "/oauth/token")
ADMINISTRATION = tuple(
    f"/admin/v1/{path}"
    for path in (
        *("holders", "families", "families/{family}", "tokens", "tokens/{token}", "keys"),
        *("sessions", "sessions/{session}", "consents", "keys/rotate"),
    )
)
BASIC: dict[str, list[str]] = {"client_secret_basic": []}


@pytest.fixture
def app() -> FastAPI:
    return create_app(LiveConfig.fixed(CasSettings()))


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://cas") as client:
        yield client


def operation(app: FastAPI, path: str) -> dict[str, Any]:
    (found,) = app.openapi()["paths"][path].values()
    return dict(found)


def test_every_served_path_is_in_the_document(app: FastAPI) -> None:
    routes = ("/api/v1/user", USERINFO, WELL_KNOWN, OPENID_CONFIGURATION, *OPEN_PATHS)
    pages = ("/account", "/login", "/logout", AUTHORIZE, CONSENT, END_SESSION, CONFIRMED)
    assert sorted(app.openapi()["paths"]) == sorted((*FAST, *ADMINISTRATION, *pages, *routes))


async def test_every_documented_operation_is_served(app: FastAPI, http: httpx.AsyncClient) -> None:
    for path, operations in app.openapi()["paths"].items():
        for method in operations:
            response = await http.request(method, path)
            assert response.status_code in {200, 303, 400, 401, 404}, (method, path)
            assert str(response.status_code) in operations[method]["responses"]


@pytest.mark.parametrize("path", FAST)
def test_a_fast_path_declares_its_form_and_client_authentication(app: FastAPI, path: str) -> None:
    described = operation(app, path)
    ((media_type, body),) = described["requestBody"]["content"].items()
    assert media_type == "application/x-www-form-urlencoded"
    assert body["schema"]["required"] == ["grant_type" if path == "/oauth/token" else "token"]
    takes_post_credentials = "client_secret" in body["schema"]["properties"]
    assert described["security"] == ([BASIC, {}] if takes_post_credentials else [BASIC])
    assert takes_post_credentials is (path != "/oauth/check_token")


@pytest.mark.parametrize("path", FAST)
def test_a_fast_path_declares_its_errors_with_their_headers(app: FastAPI, path: str) -> None:
    responses = operation(app, path)["responses"]
    assert responses.keys() >= {"200", "400", "401", "413", "429", "503"}
    assert "WWW-Authenticate" in responses["401"]["headers"]
    assert "Retry-After" in responses["429"]["headers"].keys() & responses["503"]["headers"].keys()
    for status in responses.keys() - {"200"}:
        schema = responses[status]["content"]["application/json"]["schema"]
        assert schema["required"] == ["error", "error_description"]


def test_userinfo_takes_a_token_in_the_header_or_in_a_form(app: FastAPI) -> None:
    """docs/design/openid-connect.md, "Userinfo"."""
    by_method = app.openapi()["paths"][USERINFO]
    assert by_method["get"]["security"] == [{"bearer": ["openid"]}]
    assert by_method["post"]["security"] == [{"bearer": ["openid"]}, {}]
    assert "WWW-Authenticate" in by_method["get"]["responses"]["403"]["headers"]
    (form,) = by_method["post"]["requestBody"]["content"].values()
    assert "access_token" in form["schema"]["properties"]


def test_the_codes_of_an_error_are_those_of_its_classes(app: FastAPI) -> None:
    refusal = operation(app, "/oauth/token")["responses"]["400"]
    codes = refusal["content"]["application/json"]["schema"]["properties"]["error"]["enum"]
    assert codes == [
        *("invalid_request", "invalid_grant", "invalid_scope"),
        *("unauthorized_client", "unsupported_grant_type"),
    ]


def test_swagger_ui_can_authorize_clients_users_and_bearers(app: FastAPI) -> None:
    schemes = app.openapi()["components"]["securitySchemes"]
    assert {name: scheme.get("scheme") for name, scheme in schemes.items()} == {
        "oauth2": None,
        "bearer": "bearer",
        "client_secret_basic": "basic",
        "login_form": None,
    }
    flows = schemes["oauth2"]["flows"]
    assert {name: flow["tokenUrl"] for name, flow in flows.items()} == {
        "password": "/oauth/token",
        "clientCredentials": "/oauth/token",
        "authorizationCode": "/oauth/token",
    }
    assert operation(app, "/api/v1/user")["security"] == [{"oauth2": []}, {"bearer": []}]


@pytest.mark.parametrize("path", [WELL_KNOWN, OPENID_CONFIGURATION, *OPEN_PATHS])
def test_what_is_public_needs_no_credentials(app: FastAPI, path: str) -> None:
    assert "security" not in operation(app, path)
