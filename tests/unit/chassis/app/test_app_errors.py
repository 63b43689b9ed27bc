"""docs/design/protocol.md, "Traps of Spring resource servers": 1."""

import asyncio
import json
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, HTTPException, Query
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from chassis import LiveConfig, ServiceSettings, create_app
from chassis.errors import TemporarilyUnavailable
from chassis.testing import Serve

pytestmark = pytest.mark.anyio

router = APIRouter()


@router.get("/numbers")
async def numbers(value: Annotated[int, Query()]) -> int:
    return value


@router.get("/shared")
@router.delete("/shared")
async def shared() -> None:
    return None


@router.get("/shared/{number}")
@router.delete("/shared/{number}")
async def shared_below(number: int) -> int:
    return number


@router.post("/json")
async def takes_json(body: dict[str, int]) -> dict[str, int]:
    return body


@router.get("/raises/{kind}")
async def raises(kind: str) -> None:
    match kind:
        case "teapot":
            raise HTTPException(418, "No coffee here", headers={"X-Pot": "tea"})
        case "api-error":
            raise TemporarilyUnavailable("The store is away", retry_after=3)
    raise RuntimeError("a secret detail")


@router.get("/breaks")
async def breaks() -> StreamingResponse:
    async def parts() -> object:
        yield b"the first part"
        await asyncio.sleep(0)
        raise RuntimeError("half way")

    return StreamingResponse(parts())  # type: ignore[arg-type]  # an async generator


async def raising_fast_path(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive, send
    raise RuntimeError("a secret detail")


@pytest.fixture
async def client(serve: Serve) -> httpx.AsyncClient:
    settings = ServiceSettings.model_validate(
        {"security": {"path": {"ignores": "/**"}}, "server": {"max_body_size": 100}}
    )
    fast = {"/fast": raising_fast_path}
    live = LiveConfig.fixed(settings)
    return await serve(create_app(live, title="t", version="1", routers=[router], fast_paths=fast))


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", "/numbers/", 404, "not_found"),
        ("DELETE", "/numbers", 405, "method_not_allowed"),
        ("GET", "/numbers?value=many", 400, "invalid_request"),
        ("GET", "/raises/teapot", 418, "invalid_request"),
        ("GET", "/raises/api-error", 503, "temporarily_unavailable"),
        ("GET", "/raises/runtime-error", 500, "server_error"),
        ("GET", "/fast", 500, "server_error"),
    ],
)
async def test_every_error_has_an_error_code_and_a_description(
    client: httpx.AsyncClient, method: str, path: str, status: int, error: str
) -> None:
    response = await client.request(method, path)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert response.json()["error"] == error
    assert response.json()["error_description"]


async def test_a_method_that_is_not_allowed_names_those_that_are(
    client: httpx.AsyncClient,
) -> None:
    assert (await client.delete("/numbers")).headers["allow"] == "GET, HEAD"
    for path in ("/shared", "/shared/1"):  # regression: a route named its own method alone
        assert (await client.post(path)).headers["allow"] == "DELETE, GET, HEAD"


async def test_an_http_exception_keeps_its_detail_and_headers(client: httpx.AsyncClient) -> None:
    response = await client.get("/raises/teapot")

    assert response.json()["error_description"] == "No coffee here"
    assert response.headers["x-pot"] == "tea"


async def test_a_503_has_retry_after(client: httpx.AsyncClient) -> None:
    assert (await client.get("/raises/api-error")).headers["retry-after"] == "3"


@pytest.mark.parametrize("path", ["/raises/runtime-error", "/fast"])
async def test_an_unhandled_error_shows_its_trace_id_and_nothing_else(
    client: httpx.AsyncClient, path: str
) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    sent = {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}
    response = await client.get(path, headers=sent)

    assert response.json()["trace_id"] == trace
    assert "secret" not in response.text


async def test_a_validation_error_does_not_show_the_value(client: httpx.AsyncClient) -> None:
    assert "many" not in (await client.get("/numbers?value=many")).text


async def test_malformed_json_is_400(client: httpx.AsyncClient) -> None:
    response = await client.post("/json", content="{", headers={"content-type": "application/json"})

    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


async def test_a_body_over_the_limit_is_413(client: httpx.AsyncClient) -> None:
    response = await client.post("/json", json={"a" * 101: 1})

    assert (response.status_code, response.json()["error"]) == (413, "payload_too_large")


async def test_a_response_that_failed_midway_is_not_ended_as_complete(
    client: httpx.AsyncClient,
) -> None:
    with pytest.raises(ConnectionError):
        await client.get("/breaks")


async def test_error_bodies_are_json_with_fixed_keys(client: httpx.AsyncClient) -> None:
    assert set(json.loads((await client.get("/nothing")).text)) == {"error", "error_description"}
