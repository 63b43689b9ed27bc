"""How a request finds its route."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI
from starlette.routing import Match, Route
from starlette.types import Scope

from chassis import LiveConfig, ServiceSettings, create_app
from chassis.app.exact_route import ExactRoute
from chassis.testing import Serve, StaticTokenServices

pytestmark = pytest.mark.anyio

OPEN = {"security": {"path": {"ignores": ["/**"]}}}


async def first() -> str:
    return "first"


async def second() -> str:
    return "second"


async def item(number: int) -> int:
    return number


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
    asked: list[str] = []
    by_expression: list[str] = []
    compare, match = ExactRoute.matches, Route.matches

    def compared(route: ExactRoute, scope: Scope) -> Any:
        asked.append(route.path)
        return compare(route, scope)

    def matched(route: Route, scope: Scope) -> Any:
        by_expression.append(route.path)
        return match(route, scope)

    client = await serve(app(router()))
    monkeypatch.setattr(ExactRoute, "matches", compared)
    monkeypatch.setattr(Route, "matches", matched)
    response = await client.get("/second")

    assert response.status_code == 203
    assert asked == ["/first", "/second"]
    assert by_expression == []


async def test_only_an_equal_path_is_a_route_without_parameters(serve: Serve) -> None:
    mixed = APIRouter()
    mixed.add_api_route("/items/{number}", item)
    mixed.add_api_route("/items/first", first)  # the earlier route takes it, as in FastAPI
    mixed.add_api_route("/first", first)
    mixed.add_api_route("/first", second, methods=["PUT"])
    client = await serve(app(mixed))

    assert (await client.get("/items/7")).json() == 7
    assert (await client.get("/items/first")).status_code == 400
    assert (await client.get("/first")).json() == "first"
    assert (await client.put("/first")).json() == "second"
    assert (await client.delete("/first")).status_code == 405
    for other in ("/First", "/first/", "/first/x", "/fir"):
        assert (await client.get(other)).status_code == 404


async def test_a_mounted_application_has_its_routes_below_the_mount() -> None:
    scope: Scope = {"type": "http", "method": "GET", "path": "/below/first", "root_path": "/below"}
    (route,) = (one for one in app(router()).routes if getattr(one, "path", "") == "/first")

    assert route.matches(scope)[0] is Match.FULL
    assert route.matches({**scope, "root_path": ""})[0] is Match.NONE


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
