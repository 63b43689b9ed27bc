"""JSON that can't be encoded again is 400 at every endpoint."""

import json
from itertools import product
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Body, Request
from pydantic import BaseModel, JsonValue

from chassis import LiveConfig, ServiceSettings, create_app
from chassis.testing import Serve

pytestmark = pytest.mark.anyio

router = APIRouter()
JSON = "application/json"


class Order(BaseModel):
    name: str = ""
    weight: float = 0
    more: JsonValue = None


@router.post("/any")
async def echo_any(body: Annotated[JsonValue, Body()]) -> JsonValue:
    return body


@router.post("/model")
async def echo_model(order: Order) -> Order:
    return order


@router.post("/untyped")
async def echo_untyped(body: Annotated[Any, Body()]) -> Any:
    return body


@router.post("/raw")
async def echo_raw(request: Request) -> Any:
    return await request.json()


@router.post("/unread")
async def ignore_body() -> str:
    return "fine"


@pytest.fixture
async def client(serve: Serve) -> httpx.AsyncClient:
    settings = ServiceSettings.model_validate({"security": {"path": {"ignores": "/**"}}})
    live = LiveConfig.fixed(settings)
    return await serve(create_app(live, title="t", version="1", routers=[router]))


BAD = (
    *(b'"\\ud800"', b'"\\udfff"', b'"\\udc00\\ud800"', b'"\xed\xa0\x80"', b'"\xff"'),
    *(
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e999",
        b"-1e999",
        b"9" * 400 + b".0",
        b"0." + b"1" * 9 + b"e400",
    ),
    *(b"9" * 4301, b"[" * 202 + b"]" * 202, b'{"a":' * 100_000, b"[" * 100_000, b"01", b"1 2"),
)


SHAPES = (b"%b", b"[1, %b]", b'{"name": %b}', b'{"more": [%b]}')
TYPES = (JSON, "application/problem+json; charset=utf-8", "Application/JSON ")


@pytest.mark.parametrize("path", ["/any", "/model", "/untyped", "/raw"])
async def test_json_that_is_not_strict_is_400(client: httpx.AsyncClient, path: str) -> None:
    for value, shape, content_type in product(BAD, SHAPES, TYPES):
        headers = {"Content-Type": content_type}
        response = await client.post(path, content=shape % value, headers=headers)

        assert (response.status_code, response.json()["error"]) == (400, "invalid_request"), value
        assert "JSON" in response.json()["error_description"]


@pytest.mark.parametrize(
    "value",
    [
        *("Infinity", "NaN 1e999", "\N{GRINNING FACE}", "\ufeff", "", "\x00"),
        *(10**30, -1, 1.5, 1e308, 5e-324, True, None, [], {}, {"": {"": [None]}}),
    ],
)
async def test_every_other_json_is_accepted(client: httpx.AsyncClient, value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        for body in (text.encode(), b"\xef\xbb\xbf" + text.encode()):
            response = await client.post("/any", content=body, headers={"Content-Type": JSON})

            assert (response.status_code, response.json()) == (200, value)


@pytest.mark.bound("json-depth")
async def test_arrays_and_objects_nest_at_most_200_deep(client: httpx.AsyncClient) -> None:
    for before, after in ((b"[", b"]"), (b'{"a":', b"}")):
        for depth, status in ((200, 200), (202, 400), (1_000, 400), (50_000, 400)):
            body = before * depth + b"1" + after * depth
            for path in ("/any", "/raw", "/untyped"):
                response = await client.post(path, content=body, headers={"Content-Type": JSON})

                assert response.status_code == status


@pytest.mark.bound("json-digits")
async def test_a_number_has_at_most_4300_digits_before_its_decimal_point(
    client: httpx.AsyncClient,
) -> None:
    for digits, status in ((4_300, 200), (4_301, 400), (100_000, 400)):
        for rest in (b"", b"e-9997", b".5e-%d" % digits):
            response = await client.post(
                "/any", content=b"-" + b"7" * digits + rest, headers={"Content-Type": JSON}
            )

            assert response.status_code == status


async def test_a_body_in_several_pieces_is_validated_as_one(client: httpx.AsyncClient) -> None:
    async def pieces() -> Any:
        for piece in (b'{"a": ', b'"\\ud8', b'00"', b"}"):
            yield piece

    response = await client.post("/any", content=pieces(), headers={"Content-Type": JSON})

    assert response.status_code == 400


async def test_a_body_that_the_handler_does_not_read_is_not_validated(
    client: httpx.AsyncClient,
) -> None:
    response = await client.post("/unread", content=b"{", headers={"Content-Type": JSON})

    assert response.status_code == 200


async def test_bodies_of_other_media_types_are_not_validated(client: httpx.AsyncClient) -> None:
    for content_type in ("application/jsonl", "text/plain", "application/octet-stream"):
        headers = {"Content-Type": content_type}
        response = await client.post("/unread", content=b"NaN", headers=headers)

        assert response.status_code == 200
