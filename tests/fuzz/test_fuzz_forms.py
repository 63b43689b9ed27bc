"""docs/design/protocol.md, "Forms": each form gets what the standard library reads, or a 4xx.

Every form gets a clear 4xx or the requested result, and never a token for anything else.
"""

import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote

import httpx
import pytest
import yaml
from starlette.types import ASGIApp

from cas_server.app import create_app
from cas_server.passwords.hashing import hash_generated
from chassis.testing import configured
from fuzz.asgi import Reply, ask
from fuzz.conftest import Rounds
from redis_process import redis_port, store

SECRET = "s" * 43
CLIENT = {
    "client-secret": hash_generated(SECRET),
    "authorized-grant-types": "client_credentials",
    "scope": "read",
    "resource-ids": "app",
    "check-tokens": True,
    "access-token-validity-seconds": 86400,
}
FORM = b"application/x-www-form-urlencoded"
TYPES = (*(FORM,) * 6, b"Application/X-WWW-Form-Urlencoded; charset=x", b"text/plain", b"", None)
PIECES = (
    *(b"", b"&", b"&&", b"=", b"a", b"a=1", b"a=", b"=1", b"a=1=2", b"%", b"%4", b"%zz", b"%00"),
    *(b"+", b"%2b", b"%26", b"%3d", b"%ff", b"\xff", b"\xc3\xa4", b"%c3%a4", b"%ed%a0%80", b"\x00"),
    *(b";", b"\r\n", b"client_id=app", b"client_secret=x", b"scope=read", b"scope=%20", b"&" * 40),
    *(b"grant_type=client_credentials", b"grant_type=password", b"token=x", b"token", b"t%6Fken="),
)


@dataclass
class World:
    """cas-server on a real Redis, and a valid token."""

    app: ASGIApp
    basic: bytes
    token: str = field(default="", repr=False)

    async def send(self, path: str, content_type: bytes | None, body: bytes) -> Reply:
        headers = [(b"authorization", self.basic)]
        if content_type is not None:
            headers.append((b"content-type", content_type))
        return await ask(self.app, "POST", path, headers=headers, body=body)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    # The token belongs to another client, since 20,000 newer tokens of a client evict its oldest.
    tree = {"clients": {"app": CLIENT, "holder": CLIENT}, "access-token-validity": 86400}
    (tmp_path / "application.yaml").write_text(yaml.safe_dump(tree))
    (tmp_path / "redis").mkdir()
    with redis_port(tmp_path / "redis") as port:
        app = create_app(configured(create_app, store(port), config=tmp_path))
        async with app.router.lifespan_context(app):
            holder = World(app, _basic("holder"))
            reply = await holder.send("/oauth/token", FORM, b"grant_type=client_credentials")
            yield World(app, _basic("app"), json.loads(reply.body)["access_token"])


def _basic(client: str) -> bytes:
    return httpx.BasicAuth(client, SECRET)._auth_header.encode()


@pytest.mark.anyio
async def test_every_form_is_parsed_like_the_standard_library_or_refused(
    world: World, rounds: Rounds
) -> None:
    good = {
        "/oauth/token": b"grant_type=client_credentials",
        "/oauth/check_token": b"token=" + world.token.encode(),
        "/oauth/introspect": b"token=" + world.token.encode(),
        "/oauth/revoke": b"token=nobody-knows-it",
    }
    for rng in rounds:
        path, content_type = rng.choice(list(good)), rng.choice(TYPES)
        body = _mutated(rng, good[path])
        if path == "/oauth/revoke" and world.token.encode() in body:
            continue
        judge(world, path, content_type, body, await world.send(path, content_type, body))


def _mutated(rng: random.Random, body: bytes) -> bytes:
    for _ in range(rng.choice((0, 1, 1, 2, 3, 6))):
        place = rng.choice((0, len(body), rng.randrange(len(body) + 1)))
        match rng.randrange(4):
            case 0:
                body = body[:place] + b"&" + rng.choice(PIECES) + b"&" + body[place:]
            case 1:
                body = body[:place] + rng.choice(PIECES) + body[place:]
            case 2:
                body = body[:place] + bytes([rng.randrange(256)]) + body[place:]
            case _:
                body = body[:place] + body[place + 1 :]
    return body


def _plainly_read(body: bytes) -> dict[str, str] | None:
    """Parse the form with the standard library. Returns None if it must be refused."""
    text = quote(body, safe="".join(map(chr, range(128))))
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=40_000, errors="strict")
    except UnicodeDecodeError:
        return None
    if len(pairs) > 32 or len(dict(pairs)) < len(pairs):
        return None
    return {name: value for name, value in pairs if value}


def judge(world: World, path: str, content_type: bytes | None, body: bytes, reply: Reply) -> None:
    context = f"{path} {content_type!r} {body!r} was {reply.status} {reply.body!r}"
    sent = json.loads(reply.body)
    assert reply.status in (200, 400, 401), context
    assert reply.status == 200 or sent["error"], context
    form = _plainly_read(body)
    if form is None or (content_type or b"").partition(b";")[0].lower() != FORM:
        assert (reply.status, sent["error"]) == (400, "invalid_request"), context
        return
    if path == "/oauth/check_token":
        assert (reply.status == 200) is (form.get("token") == world.token), context
    elif form.keys() & {"client_id", "client_secret"}:
        assert reply.status == 200 or sent["error"], context
    elif path == "/oauth/token":
        asked = form.get("grant_type") == "client_credentials"
        granted = asked and set(form.get("scope", "read").split(" ")) - {""} == {"read"}
        assert (reply.status == 200) is granted, context
    elif path == "/oauth/introspect" and reply.status == 200:
        assert sent["active"] is (form.get("token") == world.token), context
