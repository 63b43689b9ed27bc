"""docs/design/protocol.md, "JSON": bodies are returned unchanged, or 400.

They are compared with a plain parser by RFC 8259.
"""

import json
import random
import re
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Body, FastAPI, Request
from pydantic import BaseModel, JsonValue

from chassis import LiveConfig, ServiceSettings, create_app
from fuzz.asgi import ask
from fuzz.conftest import Rounds

PATHS = ("/any", "/untyped", "/raw", "/model")
TYPES = (b"application/json", b"application/json; charset=utf-16", b"application/x+json")
TOKENS = (
    *(b"{", b"}", b"[", b"]", b":", b",", b'"', b" ", b"\t", b"\n", b"\x0b", b"\x00", b"\x7f"),
    *(b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e-999", b"1E400", b"null", b"tru", b"-0"),
    *(b"01", b"1.", b".5", b"+1", b"-", b"1e", b"1_0", b"0x1", b"9" * 4300, b"9" * 4301),
    *(b"9" * 309 + b".0", b"\\ud800", b"\\uDC00", b"\\ud83d\\ude00", b"\\u12", b"\\x", b"\\/"),
    *(b"\xed\xa0\x80", b"\xff", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"//", b"'"),
    *(b"[" * 200, b"]" * 200, b'{"":' * 300, b"}" * 300, b'"Infinity"', b'"a":1,"a":2'),
)

DIGITS = 4300
"""Maximum digits before a decimal point (RFC 8259, 9), which is Python's limit for integers."""


class Order(BaseModel):
    name: str = ""
    more: JsonValue = None


def routes() -> APIRouter:
    router = APIRouter()

    @router.post("/any")
    async def any_json(body: Annotated[JsonValue, Body()]) -> JsonValue:
        return body

    @router.post("/untyped")
    async def untyped(body: Annotated[Any, Body()]) -> Any:
        return body

    @router.post("/raw")
    async def raw(request: Request) -> Any:
        return await request.json()

    @router.post("/model")
    async def model(order: Order) -> Order:
        return order

    return router


def application() -> FastAPI:
    settings = ServiceSettings.model_validate({"security": {"path": {"ignores": "/**"}}})
    live = LiveConfig.fixed(settings)
    return create_app(live, title="t", version="1", routers=[routes()])


class RefusedError(Exception):
    """A body is not valid JSON."""


def plainly_read(body: bytes) -> Any:
    """Return the value by Python's parser, with its extensions to RFC 8259 refused."""
    try:
        text = body.decode().removeprefix("\ufeff")
        value = json.loads(text, parse_constant=_refuse, parse_float=_float)
        # Of a name that comes twice the last value counts, and the others may be too large.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise RefusedError from error
    return value


def _refuse(text: str) -> Any:
    raise RefusedError(text)


def _float(text: str) -> float:
    whole = re.split(r"[.eE]", text.removeprefix("-"))[0]
    if len(whole) > DIGITS:
        raise RefusedError(text)
    return float(text)


def depth(value: Any) -> int:
    level, here = 0, [value]
    while here:
        below = [one.values() if isinstance(one, dict) else one for one in here if _nests(one)]
        here = [inner for one in below for inner in one]
        level += bool(below)
    return level


def _nests(value: Any) -> bool:
    return isinstance(value, list | dict)


def made(rng: random.Random, left: int = 3) -> Any:
    kind = rng.randrange(8 if left else 5)
    match kind:
        case 0:
            return "".join(chr(rng.choice((65, 34, 92, 0, 0xE9, 0xFFFD, 0x1F600))) for _ in "abc")
        case 1:
            return rng.choice((0, -1, 10**30, 1.5, 1e308, 5e-324, True, False, None))
        case 2 | 3 | 4:
            return rng.choice(("NaN", "Infinity", "", "name", 7, [], {}))
        case 5 | 6:
            return [made(rng, left - 1) for _ in range(rng.randrange(4))]
    return {rng.choice(("name", "more", "", "é")): made(rng, left - 1) for _ in range(3)}


def mutated(rng: random.Random, body: bytes) -> bytes:
    place = rng.randrange(len(body) + 1)
    if rng.random() < 0.3:
        return body[:place] + body[place + rng.randrange(1, 4) :]
    if rng.random() < 0.2:
        return body[:place] + bytes([rng.randrange(256)]) + body[place:]
    return body[:place] + rng.choice(TOKENS) + body[place:]


@pytest.mark.anyio
async def test_every_body_is_returned_unchanged_or_400(rounds: Rounds) -> None:
    app = application()
    for rng in rounds:
        body = json.dumps(made(rng), ensure_ascii=rng.random() < 0.5).encode()
        for _ in range(rng.choice((0, 1, 1, 2, 4))):
            body = mutated(rng, body)
        # FastAPI or the handler decides about a missing body.
        body = body or b" "
        path, headers = rng.choice(PATHS), [(b"content-type", rng.choice(TYPES))]
        reply = await ask(app, "POST", path, headers=headers, body=body)
        judge(path, body, reply.status, reply.body)


def judge(path: str, body: bytes, status: int, sent: bytes) -> None:
    context = f"POST {path} {body[:300]!r} was {status} {sent[:300]!r}"
    assert status in (200, 400), context
    try:
        value = plainly_read(body)
    except RefusedError:
        assert status == 400, context
    else:
        if path == "/model" or depth(value) in (200, 201):
            assert status == 200 or "error" in json.loads(sent), context
            return
        assert (status == 200) is (depth(value) <= 200), context
        assert status == 400 or repr(json.loads(sent)) == repr(value), context
    assert status == 200 or json.loads(sent)["error"] == "invalid_request", context
