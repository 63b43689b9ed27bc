"""The OpenAPI document follows the routes, their access rules, and the configuration."""

from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, FastAPI

from chassis import (
    Authentication,
    LiveConfig,
    ServiceSettings,
    any_of,
    authority,
    create_app,
    error_responses,
    requires,
    scope,
)
from chassis.config import ConfigSource
from chassis.errors import AccessDenied, NotFound

router = APIRouter(prefix="/api")
Reader = Annotated[Authentication, requires(scope("read"))]


@router.get("/plain")
async def plain() -> str:
    return ""


@router.get("/things/{number}", responses=error_responses(NotFound()))
async def thing(number: int, reader: Reader) -> str:
    return f"{number} {reader.name}"


@router.post("/stock", dependencies=[requires(scope("a"), any_of(authority("ROLE_B")))])
async def stock(amount: dict[str, int]) -> dict[str, int]:
    return amount


@router.get("/own", responses={403: {"description": "own"}})
async def own() -> str:
    raise AccessDenied


def app_of(tmp_path: Path, **options: Any) -> tuple[FastAPI, LiveConfig[ServiceSettings]]:
    (tmp_path / "application.yaml").write_text("server.port: 8000")
    source = ConfigSource("sample", config_dir=tmp_path)
    live = LiveConfig.load(source, ServiceSettings)
    return create_app(live, title="sample", version="1", routers=[router], **options), live


def statuses(app: FastAPI, path: str) -> set[str]:
    ((_, operation),) = app.openapi()["paths"][path].items()
    return set(operation["responses"])


def codes(app: FastAPI, path: str, status: str) -> list[str]:
    ((_, operation),) = app.openapi()["paths"][path].items()
    schema = operation["responses"][status]["content"]["application/json"]["schema"]
    return list(schema["properties"]["error"]["enum"])


def test_a_route_declares_the_errors_of_its_signature(tmp_path: Path) -> None:
    app, _ = app_of(tmp_path)
    assert statuses(app, "/api/plain") == {"200", "400", "401", "503"}
    assert statuses(app, "/api/things/{number}") == {"200", "400", "401", "403", "404", "503"}
    assert statuses(app, "/api/stock") == {"200", "400", "401", "403", "413", "503"}


def test_the_error_codes_follow_the_access_rules(tmp_path: Path) -> None:
    app, _ = app_of(tmp_path)
    assert codes(app, "/api/plain", "401") == ["unauthorized", "invalid_token"]
    assert codes(app, "/api/things/{number}", "403") == ["insufficient_scope"]
    assert codes(app, "/api/stock", "403") == ["insufficient_scope", "access_denied"]


def test_the_declarations_of_a_route_are_not_overwritten(tmp_path: Path) -> None:
    app, _ = app_of(tmp_path)
    assert app.openapi()["paths"]["/api/own"]["get"]["responses"]["403"]["description"] == "own"


@pytest.mark.anyio
async def test_an_opened_path_declares_no_401_after_the_reload(tmp_path: Path) -> None:
    app, live = app_of(tmp_path)
    assert "security" in app.openapi()["paths"]["/api/plain"]["get"]
    text = "server.port: 8000\nsecurity.path.ignores: /api/plain,/api/things/*"
    (tmp_path / "application.yaml").write_text(text)
    await live.reload_if_changed()
    assert "security" not in app.openapi()["paths"]["/api/plain"]["get"]
    assert statuses(app, "/api/plain") == {"200", "503"}
    assert codes(app, "/api/things/{number}", "401") == ["unauthorized"]


def test_fast_paths_are_described_once_the_document_is_requested(tmp_path: Path) -> None:
    asked: list[str] = []

    def described() -> dict[str, Any]:
        asked.append("once")
        return {"paths": {"/fast": {"post": {}}}}

    app, _ = app_of(tmp_path, openapi=described)
    assert asked == []
    assert "/fast" in app.openapi()["paths"]
    assert app.openapi() is app.openapi()
    assert asked == ["once"]
