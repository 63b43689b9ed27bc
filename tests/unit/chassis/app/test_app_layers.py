"""The layers around a service's routes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.types import Receive, Scope, Send

from chassis import (
    Authentication,
    CurrentAuthentication,
    LiveConfig,
    ServiceSettings,
    create_app,
    current_settings,
)
from chassis.app.management import MANAGEMENT_PATHS
from chassis.testing import Serve, StaticTokenServices, bearer

pytestmark = pytest.mark.anyio

Settings = Annotated[ServiceSettings, Depends(current_settings)]
ALICE = Authentication(client_id="app", user_name="alice")
TOKENS = StaticTokenServices({"alice-token": ALICE})
router = APIRouter()


@router.get("/me")
async def me(caller: CurrentAuthentication) -> str:
    return caller.name


@router.get("/snapshot")
async def snapshot(request: Request, settings: Settings) -> bool:
    """Swap the configuration during a request, then read it again."""
    live: LiveConfig[ServiceSettings] = request.app.state.chassis.live
    fresh = LiveConfig.fixed(ServiceSettings())
    live._current = fresh.current
    return await current_settings(request) is settings is not live.settings


async def fast(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


def app(**sections: object) -> FastAPI:
    live = LiveConfig.fixed(ServiceSettings.model_validate(sections))
    return create_app(
        live,
        title="sample",
        version="1",
        routers=[router],
        token_services=TOKENS,
        fast_paths={"/fast": fast, "/.well-known/x": fast, "/.well-known/x/": fast},
    )


async def test_a_protected_path_needs_a_token(serve: Serve) -> None:
    client = await serve(app())

    assert (await client.get("/me")).status_code == 401
    assert (await client.get("/me", headers=bearer("of-nobody"))).status_code == 401
    assert (await client.get("/me", headers=bearer("alice-token"))).json() == "alice"


async def test_a_fast_path_responds_before_the_security_filter(serve: Serve) -> None:
    assert (await (await serve(app())).get("/fast")).status_code == 204


@pytest.mark.parametrize("path", MANAGEMENT_PATHS)
async def test_management_paths_are_404_on_the_api_port(serve: Serve, path: str) -> None:
    """docs/design/names.md, "Ports"."""
    assert (await (await serve(app())).get(path)).status_code == 404


async def test_one_request_sees_one_snapshot(serve: Serve) -> None:
    """docs/design/runtime.md, "What a reload promises": from start to end."""
    client = await serve(app())

    assert (await client.get("/snapshot", headers=bearer("alice-token"))).json() is True


async def test_the_context_path_prefixes_every_path(serve: Serve) -> None:
    client = await serve(app(server={"servlet": {"context_path": "/shop"}}))
    sent = bearer("alice-token")

    assert (await client.get("/shop/me", headers=sent)).json() == "alice"
    assert (await client.get("/shop/fast")).status_code == 204
    assert [(await client.get(path, headers=sent)).status_code for path in ("/me", "/shopme")] == [
        404,
        404,
    ]


async def test_open_paths_are_written_without_the_context_path(serve: Serve) -> None:
    client = await serve(
        app(
            server={"servlet": {"context_path": "shop"}},
            security={"path": {"ignores": ["/snapshot"]}},
        )
    )

    assert (await client.get("/shop/snapshot")).status_code == 200


@pytest.mark.parametrize("sent", ["%0a", "%0d%0a", "%00", "%7f", "%c2%85", "%ff", "%ed%a0%80"])
@pytest.mark.parametrize("before", ["/me", "/fast", "/nothing", "/"])
async def test_a_path_with_a_control_character_is_400(serve: Serve, before: str, sent: str) -> None:
    """A router's `$` also matches before a final line break: `/me%0a` would be routed as `/me`."""
    client = await serve(app(security={"path": {"ignores": ["/me?", "/me??"]}}))
    for headers in ({}, bearer("alice-token")):
        response = await client.get(before + sent, headers=headers)

        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


async def test_a_path_in_any_script_is_served(serve: Serve) -> None:
    client = await serve(app(security={"path": {"ignores": ["/caf?"]}}))

    assert (await client.get("/caf%c3%a9")).status_code == 404
    assert (await client.get("/caf%c3%a9s")).status_code == 401


async def test_well_known_paths_ignore_the_context_path(serve: Serve) -> None:
    """RFC 8615, 3."""
    client = await serve(app(server={"servlet": {"context_path": "/shop"}}))

    for path in ("/.well-known/x", "/.well-known/x/y", "/shop/.well-known/x"):
        assert (await client.get(path)).status_code == 204
    for path in ("/.well-known/xy", "/.well-known", "/shop.well-known/x"):
        assert (await client.get(path)).status_code in (401, 404)


async def test_configured_faults_fail_requests(serve: Serve) -> None:
    client = await serve(app(faults={"error_rate": 1.0}))

    assert (await client.get("/fast")).json()["error"] == "server_error"


async def test_more_requests_than_the_limit_are_503(serve: Serve) -> None:
    limited = app(server={"limit_concurrency": 1})
    client = await serve(limited)
    limited.layers._layers._app._accounting.in_flight = 1  # type: ignore[attr-defined]  # one that does not end
    response = await client.get("/fast")

    assert response.status_code == 503
    assert response.headers["retry-after"]


async def test_the_services_own_lifespan_runs_within_the_chassis(serve: Serve) -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[None]:
        seen.append(running.state.chassis.title)
        yield

    live = LiveConfig.fixed(ServiceSettings())
    await serve(create_app(live, title="sample", version="1", lifespan=lifespan))

    assert seen == ["sample"]
