"""One layer of the chassis does what FastAPI's own do around its router."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from chassis import LiveConfig, ServiceSettings, create_app
from chassis.app.route_errors import RouteErrors
from chassis.app.service_app import ServiceApp
from chassis.errors import AccessDenied
from chassis.testing import Serve, StaticTokenServices

pytestmark = pytest.mark.anyio

closed: list[str] = []


class OwnError(Exception):
    """An error of the service."""


async def plain() -> str:
    return "plain"


async def upload(request: Request) -> str:
    """Leave a file open, as FastAPI does with those of a form (its package is not installed)."""
    request.scope["fastapi_middleware_astack"].callback(closed.append, "file")
    return f"closed: {len(closed)}"


async def own() -> None:
    raise OwnError


async def refusing() -> None:
    raise AccessDenied("not here")


async def failing() -> None:
    raise RuntimeError("a secret detail")


def app(*paths: Callable[..., Any], **options: Any) -> FastAPI:
    router = APIRouter(**options)
    for path in paths:
        router.add_api_route(f"/{path.__name__}", path)
    settings = ServiceSettings.model_validate({"security": {"path": {"ignores": ["/**"]}}})
    services = StaticTokenServices({})
    live = LiveConfig.fixed(settings)
    return create_app(live, title="s", version="1", routers=[router], token_services=services)


async def test_a_request_passes_one_layer_before_the_router(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = app(plain)
    callers: list[object] = []
    router = served.router.__call__

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        callers.append(send.__self__)  # type: ignore[attr-defined]  # a method, not FastAPI's closure
        await router(scope, receive, send)

    client = await serve(served)
    assert (await client.get("/plain")).json() == "plain"
    assert isinstance(served, ServiceApp)
    lean = served._lean
    monkeypatch.setattr(lean, "_router", noting)
    assert (await client.get("/plain")).json() == "plain"

    assert [type(one).__module__ for one in callers] == [RouteErrors.__module__]


async def test_an_uploaded_file_is_closed_after_the_request(serve: Serve) -> None:
    client = await serve(app(upload))
    assert (await client.get("/upload")).json() == "closed: 0"
    assert closed == ["file"]


async def test_a_service_handles_its_own_errors(serve: Serve) -> None:
    async def handle(request: Request, error: Exception) -> Response:
        return PlainTextResponse(f"{type(error).__name__} at {request.url.path}", 418)

    served = app(own, dependencies=[Depends(plain)])
    served.add_exception_handler(OwnError, handle)
    served.add_exception_handler(404, handle)
    client = await serve(served)

    assert (await client.get("/own")).text == "OwnError at /own"
    assert (await client.get("/nothing")).text == "HTTPException at /nothing"


async def test_a_handler_of_every_error_is_asked(serve: Serve) -> None:
    """Starlette calls it in a layer that the chassis leaves in place then."""

    async def handle(_: Request, error: Exception) -> Response:
        return PlainTextResponse(type(error).__name__, 500)

    served = app(failing)
    served.add_exception_handler(Exception, handle)

    assert (await (await serve(served)).get("/failing")).text == "RuntimeError"


async def test_middleware_of_the_service_runs(serve: Serve) -> None:
    async def add(
        request: Request, following: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        response = await following(request)
        response.headers["x-added"] = "yes"
        return response

    served = app(plain)
    served.add_middleware(BaseHTTPMiddleware, dispatch=add)

    assert (await (await serve(served)).get("/plain")).headers["x-added"] == "yes"


async def test_an_error_that_no_handler_takes_is_500(serve: Serve) -> None:
    response = await (await serve(app(failing, refusing))).get("/failing")
    assert (response.status_code, response.json()["error"]) == (500, "server_error")
    assert "secret" not in response.text


async def test_an_error_behind_the_start_of_a_response_aborts_it(serve: Serve) -> None:
    async def breaking(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise AccessDenied("too late")

    served = app(plain)
    served.router.routes.append(Mount("/mounted", app=breaking))
    served.router.routes.append(Mount("/other", app=Starlette()))
    client = await serve(served)

    with pytest.raises(ConnectionError):
        await client.get("/mounted/x")
    response = await client.get("/other/x")
    assert response.status_code == 404
