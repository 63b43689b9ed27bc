"""docs/design/openid-connect.md, "Step-up": endpoints that demand a login, young or of a kind."""

import time
from collections.abc import AsyncIterator
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
    login,
    requires,
    scope,
)
from chassis.testing import StaticTokenServices, bearer

pytestmark = pytest.mark.anyio
PASSWORD, STRONG = "urn:password", "urn:strong"
router = APIRouter()


@router.get("/young", dependencies=[requires(login(max_age=300))])
async def young() -> str:
    return ""


@router.get("/strong", dependencies=[requires(login(STRONG, "urn:other"))])
async def strong() -> str:
    return ""


@router.get("/admin", dependencies=[requires(login(max_age=300), authority("ROLE_ADMIN"))])
async def admin() -> str:
    return ""


@router.get("/write", dependencies=[requires(login(max_age=300), scope("write"))])
async def write() -> str:
    return ""


@router.get("/either", dependencies=[requires(any_of(authority("ROLE_ADMIN"), login(max_age=300)))])
async def either() -> str:
    return ""


def _token(age: float | None = None, **more: Any) -> Authentication:
    now = int(time.time())
    claims = {} if age is None else {"auth_time": now - age, "acr": PASSWORD}
    return Authentication(client_id="app", user_name="alice", claims=claims | more)


def _tokens() -> dict[str, Authentication]:
    """Return them as of now: a test may run minutes after it was collected."""
    return {
        "young": _token(10),
        "old": _token(301),
        "untold": _token(),
        "text": _token(auth_time=str(int(time.time()))),
        "strong": _token(10_000, acr=STRONG),
    }


@pytest.fixture
async def asked(http: httpx.AsyncClient) -> Any:
    async def ask(path: str, token: str) -> httpx.Response:
        return await http.get(path, headers=bearer(token))

    return ask


@pytest.fixture
def app() -> FastAPI:
    return create_app(
        LiveConfig.fixed(ServiceSettings()),
        title="t",
        version="1",
        routers=[router],
        token_services=StaticTokenServices(_tokens()),
    )


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_a_young_login_is_enough(asked: Any) -> None:
    assert (await asked("/young", "young")).status_code == 200


@pytest.mark.parametrize("token", ["old", "untold", "text"])
async def test_an_old_login_is_told_how_young_it_has_to_be(asked: Any, token: str) -> None:
    """RFC 9470, 3."""
    response = await asked("/young", token)
    assert response.status_code == 401
    assert response.json()["error"] == "insufficient_user_authentication"
    challenge = response.headers["www-authenticate"]
    assert challenge.startswith("Bearer ")
    assert 'error="insufficient_user_authentication"' in challenge
    assert 'max_age="300"' in challenge
    assert "acr_values" not in challenge


async def test_a_login_of_another_kind_is_told_which(asked: Any) -> None:
    response = await asked("/strong", "young")
    assert response.status_code == 401
    assert f'acr_values="{STRONG} urn:other"' in response.headers["www-authenticate"]
    assert "max_age" not in response.headers["www-authenticate"]
    assert (await asked("/strong", "strong")).status_code == 200


@pytest.mark.parametrize(
    ("path", "error"), [("/admin", "access_denied"), ("/write", "insufficient_scope")]
)
async def test_what_no_login_mends_is_told_first(asked: Any, path: str, error: str) -> None:
    response = await asked(path, "old")
    assert (response.status_code, response.json()["error"]) == (403, error)


async def test_a_login_may_be_an_alternative(asked: Any) -> None:
    assert (await asked("/either", "young")).status_code == 200
    assert (await asked("/either", "old")).status_code == 401


def test_the_document_declares_the_error(app: FastAPI) -> None:
    operation = app.openapi()["paths"]["/young"]["get"]
    schema = operation["responses"]["401"]["content"]["application/json"]["schema"]
    assert "insufficient_user_authentication" in schema["properties"]["error"]["enum"]
    assert "403" not in operation["responses"]
    assert operation["description"] == "Requires a login of the last 300 s."


def test_a_rule_that_demands_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="demands nothing"):
        login()
