"""Hostile requests to the pages: no session without the password, no redirect but our own.

Every request gets a page or a redirect with the right headers, whatever its form, query, cookies
and headers are.
"""

import random
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import yaml
from starlette.types import ASGIApp

from cas_server.app import create_app
from cas_server.passwords.hashing import hash_password
from chassis.testing import configured
from fuzz.asgi import Reply, ask
from fuzz.conftest import Rounds
from redis_process import redis_port, store

PASSWORD = "the-password-of-fuzz"
PATHS = (
    *("/login", "/login", "/login", "/logout", "/account", "/oauth/authorize/consent"),
    *("/connect/logout", "/connect/logout/confirm"),
)
FIELDS = (
    *("csrf", "username", "password", "return", "session", "application", "others", "decision"),
    *("client_id", "redirect_uri", "response_type", "scope", "state", "x"),
    *("id_token_hint", "post_logout_redirect_uri", "logout_hint", "ui_locales"),
)
TEXTS = (
    *("", "alice", "/account", "/oauth/authorize?", "//evil.example", "/\\evil", "https://evil/"),
    *("/oauth/authorize?client_id=app&redirect_uri=https://evil", "/account/../x", "\r\nX: y"),
    *("<script>", '"><img src=x>', "{{ 7*7 }}", "{% raw %}", "\u0000"),
    *("0" * 64, "ü", "a" * 5000, "javascript:alert(1)", "app", "code", "1"),
)
HEADERS = (
    *(
        (b"accept", value)
        for value in (b"text/html", b"*/*", b"application/json", b"text/html;q=0")
    ),
    *((b"origin", value) for value in (b"null", b"https://evil", b"http://cas-server-service")),
    *((b"sec-fetch-site", value) for value in (b"same-origin", b"cross-site", b"\xff", b"none")),
    *((b"cookie", value) for value in (b"session=x", b"session=", b"form", b"form=a; form=b")),
    *((b"user-agent", value) for value in (b"\xff<script>", b"a" * 5000, b"Firefox/1 Linux")),
)
_FORM_TYPE = (b"content-type", b"application/x-www-form-urlencoded")
_HIDDEN = re.compile(r'name="csrf" value="([^"]*)"')
_POLICY = b"default-src 'none'"
_OWN = re.compile(rb"/connect/logout\?[^\s\\]*")


@dataclass
class World:
    """cas-server on a real Redis; the form that the last page of a browser had."""

    app: ASGIApp
    cookie: bytes = b""
    token: str = field(default="", repr=False)

    async def open(self) -> None:
        """Load the login page."""
        page = await ask(self.app, "GET", "/login", headers=[(b"accept", b"text/html")], body=b"")
        self.cookie = dict(page.headers)[b"set-cookie"].partition(b";")[0]
        self.token = unescape(_HIDDEN.findall(page.body.decode())[0])


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    users = {"alice": {"password": hash_password(PASSWORD)}}
    (tmp_path / "application.yaml").write_text(yaml.safe_dump({"users": users}))
    (tmp_path / "redis").mkdir()
    with redis_port(tmp_path / "redis") as port:
        app = create_app(configured(create_app, store(port), config=tmp_path))
        async with app.router.lifespan_context(app):
            yield World(app)


@pytest.mark.anyio
async def test_no_request_begins_a_session_or_leads_elsewhere(world: World, rounds: Rounds) -> None:
    await world.open()
    for rng in rounds:
        path, method = rng.choice(PATHS), rng.choice(("GET", "POST", "POST", "PUT"))
        headers = rng.sample(HEADERS, rng.randrange(4))
        if method == "POST" and rng.random() < 0.9:
            headers.append(_FORM_TYPE)
        if rng.random() < 0.5:
            headers.append((b"cookie", world.cookie))
        form = _form(rng, world.token)
        query = quote_plus(rng.choice(TEXTS))
        target = f"{path}?return={query}" if rng.random() < 0.4 else path
        reply = await ask(world.app, method, target, headers=headers, body=form)
        _judge(reply, f"{method} {target} {headers} {form!r}")


def _form(rng: random.Random, token: str) -> bytes:
    names = rng.sample(FIELDS, rng.randrange(5))
    texts = (*TEXTS, token, token)
    pairs = [f"{name}={quote(rng.choice(texts))}" for name in names]
    return "&".join(pairs).encode()


def _judge(reply: Reply, sent: str) -> None:
    context = f"{sent} was {reply.status} {reply.headers} {reply.body[:300]!r}"
    assert reply.status in (200, 303, 400, 401, 403, 405, 413, 429), context
    headers = dict(reply.headers)
    assert b"session=" not in b"".join(
        value
        for name, value in reply.headers
        if name == b"set-cookie" and not value.startswith(b"session=;")
    ), context
    if reply.status == 303:
        # Of a logout from elsewhere the browser's own cookie comes with a second request.
        location = headers[b"location"]
        assert location == b"/login?return=/account" or _OWN.fullmatch(location), context
    elif headers[b"content-type"].startswith(b"text/html"):
        assert _POLICY in headers[b"content-security-policy"], context
        assert headers[b"cache-control"] == b"no-store", context
        assert b"<script" not in reply.body, context
        assert b"<img" not in reply.body, context
    else:
        assert b'"error"' in reply.body, context
