"""Authorization requests, mutated: none leads the browser to an address that is not registered.

Each gets a page, the way to the login, a code or an error at a registered redirect URI, or a 4xx.
"""

import base64
import hashlib
import random
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
import yaml
from starlette.types import ASGIApp

from cas_server.app import create_app
from cas_server.passwords.hashing import hash_generated
from chassis.testing import configured
from fuzz.asgi import Reply, ask
from fuzz.conftest import Rounds
from integration.cas_server.session_world import replica
from redis_process import redis_port, store
from signing_keys import pem

WEB, NATIVE, PRIVATE = "https://app.example/cb?x=1", "http://127.0.0.1/cb", "com.example.app:/cb"
FORM = [(b"content-type", b"application/x-www-form-urlencoded")]
CLIENT = {
    "authorized-grant-types": ["authorization_code", "refresh_token"],
    "redirect-uris": [WEB, NATIVE, PRIVATE],
    "scope": ["read", "write"],
    "resource-ids": ["app"],
}
PUBLIC = {**CLIENT, "token-endpoint-auth-method": "none"}
IDENTITIES = {
    "clients": {
        "asks": PUBLIC,
        "asks-not": {
            **CLIENT,
            "client-secret": hash_generated("t" * 43),
            "require-consent": False,
        },
        "no-pkce": {
            **CLIENT,
            "client-secret": hash_generated("s" * 43),
            "scope": ["openid", "read", "write"],
            "require-pkce": False,
            "require-consent": False,
        },
    },
    "signing-keys": {"rs": pem("RS256")},
    "users": {"alice": {"password": hash_generated("p" * 43)}},
}
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).rstrip(b"=").decode()
ALLOWED = (
    re.compile(r"https://app\.example/cb\?x=1&[^#]*"),
    re.compile(r"http://127\.0\.0\.1(:[1-9][0-9]{0,4})?/cb\?[^#]*"),
    re.compile(r"com\.example\.app:/cb\?[^#]*"),
)
LOGIN = re.compile(r"/login\?return=%2Foauth%2Fauthorize%3F[A-Za-z0-9%._~+-]*")
HOSTILE = (
    *(
        "",
        "//evil.example",
        "https://evil.example",
        "\\evil.example",
        "@evil.example",
        "#",
        "?",
        "&",
    ),
    *("/../", "/./", "%2e%2e/", "%00", "\r\nX: y", "\n", "\t", " ", "\u202e", "\uff0e", "é", "."),
    *(":80", ":0", ":99999", ":1@evil.example", "*", "javascript:alert(1)", "data:,", "localhost"),
    *("none", "login", "none login", "consent", "S256", "plain", "code", "token", "0", "-1", "1e9"),
    *("read", "write", "openid", "admin", "x" * 3000, "<script>", "'\"", "{{7*7}}", "${jndi:x}"),
)
NAMES = (
    *("response_type", "client_id", "redirect_uri", "state", "scope", "code_challenge", "nonce"),
    *("code_challenge_method", "prompt", "max_age", "login_hint", "response_mode", "login_after"),
    *("request", "request_uri", "iss", "code", "error", "csrf", "decision", "id_token_hint"),
)


@dataclass
class World:
    """cas-server on a real Redis, and the cookie of a user who is logged in."""

    app: ASGIApp
    cookie: bytes


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    (tmp_path / "application.yaml").write_text(yaml.safe_dump(IDENTITIES))
    (tmp_path / "redis").mkdir()
    with redis_port(tmp_path / "redis") as port:
        app = create_app(configured(create_app, store(port), config=tmp_path))
        async with app.router.lifespan_context(app), replica(port, IDENTITIES) as parts:
            yield World(app, (await parts.begin()).encode())


@pytest.mark.anyio
async def test_no_mutated_request_leads_to_an_address_that_is_not_registered(
    world: World, rounds: Rounds
) -> None:
    """RFC 6749, 10.15; RFC 9700, 4.11: no open redirector; nor a 5xx, nor a header of one's own."""
    seen: Counter[str] = Counter()
    for dice in rounds:
        pairs = _mutated(dice)
        reply = await _sent(world, dice, pairs)
        outcome = _outcome(reply)
        if outcome == "code":
            _check_code(reply, pairs)
        seen[outcome] += 1
    assert seen.keys() <= {"page", "refused", "login", "code", "error"}
    if rounds.done > 1_000:
        assert len(seen) == 5, seen


def _request(dice: random.Random) -> list[tuple[str, str]]:
    return [
        ("response_type", "code"),
        ("client_id", dice.choice(["asks", "asks-not", "asks-not", "no-pkce"])),
        ("redirect_uri", dice.choice([WEB, NATIVE, "http://127.0.0.1:5000/cb", PRIVATE])),
        ("state", dice.choice(["s", "a&b=c#d", "\r\nx"])),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]


def _mutated(dice: random.Random) -> list[tuple[str, str]]:
    """Return a request with a few parameters dropped, repeated, renamed or edited."""
    pairs = _request(dice)
    for _ in range(dice.choice([0, 1, 1, 1, 2, 4])):
        place = dice.randrange(len(pairs)) if pairs else 0
        name, value = pairs.pop(place) if pairs else ("state", "s")
        at, hostile = dice.randint(0, len(value)), dice.choice(HOSTILE)
        edited = {
            "drop": [],
            "repeat": [(name, value), (name, dice.choice([value, hostile]))],
            "replace": [(name, hostile)],
            "insert": [(name, value[:at] + hostile + value[at:])],
            "append": [(name, value + hostile)],
            "case": [(name, value.swapcase())],
            "encode": [(name, quote(value, safe=""))],
            "rename": [(dice.choice(NAMES), value)],
            "add": [(name, value), (dice.choice(NAMES), hostile)],
        }
        pairs[place:place] = edited[dice.choice(sorted(edited))]
    return pairs


async def _sent(world: World, dice: random.Random, pairs: list[tuple[str, str]]) -> Reply:
    headers = [(b"accept", b"text/html")]
    if dice.random() < 0.8:
        headers.append((b"cookie", world.cookie))
    text = urlencode(pairs)
    if dice.random() < 0.1:
        text += dice.choice(["&%ff=1", "&redirect_uri", "&&&", "&=", "&%zz", "&a" * 40])
    if dice.random() < 0.7:
        return await ask(world.app, "GET", f"/oauth/authorize?{text}", headers=headers)
    path = dice.choice(["/oauth/authorize", "/oauth/authorize", "/oauth/authorize/consent"])
    return await ask(world.app, "POST", path, headers=[*headers, *FORM], body=text.encode())


def _outcome(reply: Reply) -> str:
    assert reply.status in {200, 303, 400, 403}, (reply.status, reply.body)
    headers = dict(reply.headers)
    if reply.status != 303:
        assert b"location" not in headers
        assert headers[b"content-type"].startswith(b"text/html")
        assert b"<script" not in reply.body
        return "page" if reply.status == 200 else "refused"
    location = headers[b"location"].decode("ascii")
    assert location.isprintable()
    if LOGIN.fullmatch(location) or location.startswith("/oauth/authorize?"):
        return "login"
    assert any(one.fullmatch(location) for one in ALLOWED), location
    sent_back = parse_qs(urlsplit(location).query, strict_parsing=True)
    assert sent_back["iss"] == ["http://cas-server-service"]
    (outcome,) = {"code", "error"} & sent_back.keys()
    return outcome


def _check_code(reply: Reply, pairs: list[tuple[str, str]]) -> None:
    """Only a request without a repeated parameter gets a code, and one with PKCE if it must."""
    names = [name for name, _ in pairs]
    values = dict(pairs)
    assert len(values) == len(names)
    challenge = values.get("code_challenge", "")
    if challenge or values["client_id"] != "no-pkce":
        assert re.fullmatch(r"[A-Za-z0-9_-]{43}", challenge)
        assert values["code_challenge_method"] == "S256"
    location = dict(reply.headers)[b"location"].decode()
    assert parse_qs(urlsplit(location).query).get("state", [""]) == [values.get("state", "")]
