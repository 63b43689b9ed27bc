"""How a request finds its route."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.routing import Route
from starlette.types import Scope

from chassis import LiveConfig, ServiceSettings, create_app
from chassis.testing import Serve, StaticTokenServices

pytestmark = pytest.mark.anyio

OPEN = {"security": {"path": {"ignores": ["/**"]}}}


async def first() -> str:
    return "first"


async def second() -> str:
    return "second"


async def numbers() -> AsyncIterator[int]:
    yield 1


def app(*routers: APIRouter) -> FastAPI:
    live = LiveConfig.fixed(ServiceSettings.model_validate(OPEN))
    services = StaticTokenServices({})
    return create_app(live, title="s", version="1", routers=routers, token_services=services)


def router(**options: Any) -> APIRouter:
    found = APIRouter(**options)
    found.add_api_route("/first", first)
    found.add_api_route("/second", second, status_code=203)
    return found


async def test_a_request_is_matched_once_against_each_route_before_its_own(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    matched: list[str] = []
    matches = Route.matches

    def counted(route: Route, scope: Scope) -> Any:
        matched.append(route.path)
        return matches(route, scope)

    client = await serve(app(router()))
    monkeypatch.setattr(Route, "matches", counted)
    response = await client.get("/second")

    assert response.status_code == 203
    assert matched == ["/first", "/second"]


async def test_opentelemetry_is_asked_at_the_first_request_only(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def is_enabled() -> bool:
        asked.append(True)
        return False

    served = app(router())
    monkeypatch.setattr(served._native_telemetry, "enabled", is_enabled)
    client = await serve(served)
    for _ in range(3):
        assert (await client.get("/first")).status_code == 200

    assert asked == [True]


async def test_a_router_has_its_prefix_tags_and_dependencies(serve: Serve) -> None:
    seen: list[str] = []

    async def note() -> None:
        seen.append("called")

    served = app(router(prefix="/shop", tags=["goods"], dependencies=[Depends(note)]))
    client = await serve(served)

    assert (await client.get("/shop/second")).json() == "second"
    assert (await client.get("/second")).status_code == 404
    assert (await client.post("/shop/second")).headers["allow"] == "GET, HEAD"
    assert seen == ["called"]
    operation = served.openapi()["paths"]["/shop/second"]["get"]
    assert (operation["operationId"], operation["tags"]) == ("second", ["goods"])
    assert "203" in operation["responses"]


async def test_overridden_dependencies_are_used(serve: Serve) -> None:
    """FastAPI's `dependency_overrides`, for tests of services."""
    overridden = APIRouter()
    overridden.add_api_route("/first", first, dependencies=[Depends(first)])
    seen: list[str] = []

    async def other() -> None:
        seen.append("called")

    served = app(overridden)
    served.dependency_overrides[first] = other
    await (await serve(served)).get("/first")

    assert seen == ["called"]


async def test_a_router_with_other_routes_is_served_whole(serve: Serve) -> None:
    inner, outer = router(prefix="/inner"), router()
    outer.include_router(inner)
    outer.add_api_route("/numbers", numbers, response_model=None)
    streaming = APIRouter()
    streaming.get("/stream")(numbers)
    client = await serve(app(outer, streaming))

    for path in ("/first", "/inner/second"):
        assert (await client.get(path)).is_success
    assert (await client.get("/stream")).text == "1\n"


async def test_a_routers_lifespan_runs(serve: Serve) -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        seen.append("entered")
        yield

    await serve(app(router(lifespan=lifespan)))

    assert seen == ["entered"]
