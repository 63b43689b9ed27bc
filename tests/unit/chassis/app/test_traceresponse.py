"""Every response has its trace id, whichever layer writes it."""

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import APIRouter
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chassis import LiveConfig, ServiceSettings, create_app
from chassis.app.management import MANAGEMENT_PATHS, ManagementApp
from chassis.app.state import Chassis
from chassis.errors import TemporarilyUnavailable
from chassis.testing import Serve

pytestmark = pytest.mark.anyio

TRACE = "0af7651916cd43dd8448eb211c80319c"
SENT = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-00"}
FORM = re.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
SHARED = Response("the same for everyone")
router = APIRouter()


@router.get("/good")
async def good() -> str:
    return "good"


@router.get("/shared")
async def shared() -> Response:
    return SHARED


@router.get("/fails/{kind}")
async def fails(kind: str) -> None:
    if kind == "unavailable":
        raise TemporarilyUnavailable
    raise RuntimeError(kind)


async def fast(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive
    await send({"type": "http.response.start", "status": 204})
    await send({"type": "http.response.body"})


def chassis_of(app: httpx.AsyncClient) -> Chassis:
    parts: Chassis = app._transport.app.state.chassis  # type: ignore[attr-defined]  # the ASGI one
    return parts


@pytest.fixture
async def client(serve: Serve) -> httpx.AsyncClient:
    sections = {
        "security": {"path": {"ignores": ["/good", "/shared", "/fails/*", "/nothing"]}},
        "server": {"max_body_size": 100},
    }
    live = LiveConfig.fixed(ServiceSettings.model_validate(sections))
    paths = {"/fast": fast}
    return await serve(create_app(live, title="t", version="1", routers=[router], fast_paths=paths))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/good", 200),
        ("GET", "/fast", 204),
        ("GET", "/protected", 401),
        ("GET", "/nothing", 404),
        ("GET", "/livez", 404),
        ("PUT", "/good", 405),
        ("POST", "/good", 413),
        ("GET", "/fails/unexpectedly", 500),
        ("GET", "/fails/unavailable", 503),
    ],
)
async def test_every_response_has_the_callers_trace(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    body = b"x" * 101 if status == 413 else b""
    response = await client.request(method, path, headers=SENT, content=body)
    (sent,) = response.headers.get_list("traceresponse")
    trace, span, flags = FORM.fullmatch(sent).groups()  # type: ignore[union-attr]  # fails here if none

    assert response.status_code == status
    assert (trace, flags) == (TRACE, "00")
    assert span not in SENT["traceparent"]


async def test_the_response_to_a_request_without_a_trace_has_the_new_one(
    client: httpx.AsyncClient,
) -> None:
    sent = [(await client.get("/good")).headers["traceresponse"] for _ in range(3)]

    assert all(FORM.fullmatch(one) for one in sent)
    assert len(set(sent)) == 3


async def test_a_response_that_is_sent_again_has_one_trace(client: httpx.AsyncClient) -> None:
    await client.get("/shared")

    assert len((await client.get("/shared")).headers.get_list("traceresponse")) == 1


async def test_a_refusal_by_overload_has_its_trace(client: httpx.AsyncClient) -> None:
    client._transport.app.layers._layers._app._accounting._limit = 0  # type: ignore[attr-defined]  # every request is one more
    response = await client.get("/good", headers=SENT)

    assert (response.status_code, response.headers["traceresponse"][3:35]) == (503, TRACE)


class Broken(Collector):
    def collect(self) -> Iterator[Metric]:
        raise RuntimeError("a secret detail")


@pytest.mark.parametrize("path", [*MANAGEMENT_PATHS, "/env"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_responses_of_the_management_port_have_the_trace(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    transport = httpx.ASGITransport(ManagementApp(chassis_of(client)))
    async with httpx.AsyncClient(transport=transport, base_url="http://management") as management:
        response = await management.request(method, path, headers=SENT)

    assert response.headers["traceresponse"][3:35] == TRACE


async def test_an_error_of_the_management_port_is_500_with_its_trace(
    client: httpx.AsyncClient,
) -> None:
    parts = chassis_of(client)
    parts.registry.register(Broken())
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(ManagementApp(parts)), base_url="http://management"
    ) as management:
        response = await management.get("/metrics", headers=SENT)

    assert response.status_code == 500
    assert response.json()["error"] == "server_error"
    assert response.json()["trace_id"] == TRACE
    assert "secret" not in response.text
