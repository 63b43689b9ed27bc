"""Requests to fast paths skip the layers that would do nothing, and no others."""

from collections.abc import Awaitable

import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from chassis import LiveConfig, ServiceSettings, create_app
from chassis.app.middleware import HeadRequests
from chassis.testing import Serve, StaticTokenServices

pytestmark = pytest.mark.anyio
ORIGIN = "https://app.example"


async def fast(scope: Scope, receive: Receive, send: Send) -> None:
    del receive
    headers = [(b"route", scope["route"].encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": scope["client"][0].encode()})


def app(**sections: object) -> FastAPI:
    live = LiveConfig.fixed(ServiceSettings.model_validate(sections))
    return create_app(
        live,
        title="sample",
        version="1",
        token_services=StaticTokenServices({}),
        fast_paths={"/fast": fast, "/folder/": fast},
    )


@pytest.fixture
def layered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the paths of requests that went through the layers."""
    paths: list[str] = []
    through = HeadRequests.__call__

    def counted(self: HeadRequests, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        paths.append(scope["path"])
        return through(self, scope, receive, send)

    monkeypatch.setattr(HeadRequests, "__call__", counted)
    return paths


async def test_an_exact_path_is_served_behind_the_request_layer_alone(
    serve: Serve, layered: list[str]
) -> None:
    client = await serve(app())
    response = await client.post("/fast")

    assert (response.status_code, response.headers["route"]) == (200, "/fast")
    assert response.headers["traceresponse"]
    assert not layered


async def test_a_body_beyond_the_limit_is_a_413_all_the_same(serve: Serve) -> None:
    client = await serve(app(server={"max_body_size": 1024}))

    assert (await client.post("/fast", content=b"x" * 2000)).status_code == 413


@pytest.mark.parametrize(
    ("method", "path"),
    [("HEAD", "/fast"), ("OPTIONS", "/fast"), ("GET", "/folder/x"), ("GET", "/else")],
)
async def test_any_other_request_goes_through_the_layers(
    serve: Serve, layered: list[str], method: str, path: str
) -> None:
    client = await serve(app())
    await client.request(method, path)

    assert layered == [path]


async def test_layers_that_do_something_are_not_skipped(serve: Serve) -> None:
    cors = await serve(app(server={"cors": {"allowed_origins": [ORIGIN]}}))
    faulty = await serve(app(faults={"error_rate": 1.0}))
    behind = await serve(app(server={"forwarded": {"trusted_proxies": ["127.0.0.0/8"]}}))

    allowed = await cors.get("/fast", headers={"Origin": ORIGIN})
    assert allowed.headers["access-control-allow-origin"] == ORIGIN
    assert (await faulty.get("/fast")).status_code == 500
    assert (await behind.get("/fast", headers={"X-Forwarded-For": "192.0.2.1"})).text == "192.0.2.1"


async def test_a_reload_decides_anew(serve: Serve, layered: list[str]) -> None:
    service = app()
    client = await serve(service)
    live: LiveConfig[ServiceSettings] = service.state.chassis.live
    slow = ServiceSettings.model_validate({"faults": {"latency_ms": 1}})
    for settings, through in ((slow, 1), (ServiceSettings(), 1)):
        await live._swap(LiveConfig.fixed(settings).current, "another")
        await client.post("/fast")
        assert len(layered) == through
