"""CORS is off by default, allows exact origins, and never allows credentials at token endpoints."""

from pathlib import Path

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from chassis import CurrentAuthentication, LiveConfig, ServiceSettings, create_app
from chassis.config import ConfigSource
from chassis.config.sections import CorsSettings
from chassis.testing import Serve, StaticTokenServices

pytestmark = pytest.mark.anyio

APP = "https://app.example"
PREFLIGHT = {"Origin": APP, "Access-Control-Request-Method": "POST"}
router = APIRouter()


@router.get("/me")
async def me(caller: CurrentAuthentication) -> str:
    return caller.name


@router.get("/open")
async def everyone() -> str:
    return "hello"


@router.get("/broken")
async def broken() -> None:
    raise RuntimeError("an internal error")


async def token(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


def app(cors: dict[str, object] | None, **server: object) -> FastAPI:
    sections = {
        "server": {**server, **({"cors": cors} if cors else {})},
        "security": {"path": {"ignores": ["/open", "/broken"]}},
    }
    return application(LiveConfig.fixed(ServiceSettings.model_validate(sections)))


def application(live: LiveConfig[ServiceSettings]) -> FastAPI:
    return create_app(
        live,
        title="t",
        version="1",
        routers=[router],
        token_services=StaticTokenServices(),
        fast_paths={"/oauth/token": token},
    )


def cors_headers(response: httpx.Response) -> dict[str, str]:
    return {k: v for k, v in response.headers.items() if k.startswith("access-control-")}


async def test_cors_is_off_by_default(serve: Serve) -> None:
    client = await serve(app(None))
    for path in ("/open", "/me", "/oauth/token", "/nothing"):
        assert cors_headers(await client.get(path, headers={"Origin": APP})) == {}
    preflight = await client.options("/me", headers=PREFLIGHT)

    assert (preflight.status_code, cors_headers(preflight)) == (401, {})


@pytest.mark.parametrize(
    ("path", "status"),
    [("/open", 200), ("/me", 401), ("/nothing", 401), ("/open%0a", 400), ("/oauth/token", 200)],
)
async def test_every_response_to_an_allowed_origin_has_cors_headers(
    serve: Serve, path: str, status: int
) -> None:
    client = await serve(app({"allowed_origins": ["https://other.example", APP]}))
    response = await client.get(path, headers={"Origin": APP})

    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == APP
    assert "traceresponse" in response.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in response.headers
    assert "Origin" in response.headers["vary"]


async def test_an_internal_server_error_has_cors_headers(serve: Serve) -> None:
    client = await serve(app({"allowed_origins": [APP]}))
    response = await client.get("/broken", headers={"Origin": APP})

    assert response.status_code == 500
    assert response.headers["access-control-allow-origin"] == APP


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.evil",
        "https://evil-app.example",
        "http://app.example",
        "https://app.example:8443",
        "https://APP.example",
        "https://app.example/",
        "null",
        "*",
        "",
    ],
)
async def test_any_other_origin_gets_no_cors_headers(serve: Serve, origin: str) -> None:
    client = await serve(app({"allowed_origins": [APP], "allow_credentials": True}))
    response = await client.get("/open", headers={"Origin": origin})
    preflight = await client.options("/open", headers={**PREFLIGHT, "Origin": origin})

    assert (response.status_code, cors_headers(response)) == (200, {})
    assert "Origin" in response.headers["vary"]
    assert (preflight.status_code, preflight.json()["error"]) == (403, "access_denied")
    assert "access-control-allow-origin" not in preflight.headers


async def test_a_request_with_two_origins_gets_no_cors_headers(serve: Serve) -> None:
    client = await serve(app({"allowed_origins": [APP]}))
    response = await client.get("/open", headers=[("Origin", APP), ("Origin", APP)])

    assert cors_headers(response) == {}


async def test_a_preflight_needs_no_token_and_lists_what_is_allowed(serve: Serve) -> None:
    client = await serve(app({"allowed_origins": APP, "max_age": "10m"}))
    asked = {**PREFLIGHT, "Access-Control-Request-Headers": "Authorization, content-type,accept"}
    for path in ("/me", "/nothing", "/oauth/token"):
        response = await client.options(path, headers=asked)

        assert (response.status_code, response.content) == (204, b"")
        assert response.headers["access-control-allow-origin"] == APP
        assert response.headers["access-control-allow-methods"] == "GET, HEAD, POST"
        assert response.headers["access-control-allow-headers"] == "authorization, content-type"
        assert response.headers["access-control-max-age"] == "600"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"Access-Control-Request-Method": "DELETE"}, "allowed-methods"),
        ({"Access-Control-Request-Method": "post"}, "allowed-methods"),
        ({"Access-Control-Request-Headers": "X-Other"}, "allowed-headers"),
        ({"Access-Control-Request-Headers": "authorization, X-Other"}, "allowed-headers"),
    ],
)
async def test_a_preflight_that_asks_for_more_is_403(
    serve: Serve, asked: dict[str, str], said: str
) -> None:
    client = await serve(app({"allowed_origins": APP}))
    response = await client.options("/me", headers=PREFLIGHT | asked)

    assert (response.status_code, response.json()["error"]) == (403, "access_denied")
    assert said in response.json()["error_description"]


async def test_options_without_a_requested_method_is_not_a_preflight(serve: Serve) -> None:
    client = await serve(app({"allowed_origins": APP}))

    assert (await client.options("/me", headers={"Origin": APP})).status_code == 401


@pytest.mark.parametrize("prefix", ["", "/shop"])
async def test_credentials_are_never_allowed_at_endpoints_that_take_secrets(
    serve: Serve, prefix: str
) -> None:
    """RFC 9700, 2.6: a page must not use credentials that the browser stores."""
    context = {"servlet": {"context_path": prefix}}
    client = await serve(app({"allowed_origins": APP, "allow_credentials": True}, **context))
    for method in ("GET", "POST", "OPTIONS"):
        allowed = await client.request(method, f"{prefix}/open", headers=PREFLIGHT)
        refused = await client.request(method, f"{prefix}/oauth/token", headers=PREFLIGHT)

        assert allowed.headers["access-control-allow-credentials"] == "true"
        assert refused.headers["access-control-allow-origin"] == APP
        assert "access-control-allow-credentials" not in refused.headers


@pytest.mark.parametrize("prefix", ["", "/shop"])
async def test_public_metadata_is_read_without_credentials(serve: Serve, prefix: str) -> None:
    """Well-known paths are at the root, and below the context path as well (RFC 8615, 3)."""
    context = {"servlet": {"context_path": prefix}}
    client = await serve(app({"allowed_origins": APP, "allow_credentials": True}, **context))
    for path in ("/.well-known/any", f"{prefix}/.well-known/any"):
        response = await client.get(path, headers={"Origin": APP})

        assert response.headers["access-control-allow-origin"] == APP
        assert "access-control-allow-credentials" not in response.headers


async def test_a_wildcard_allows_every_origin_without_credentials(serve: Serve) -> None:
    client = await serve(app({"allowed_origins": "*"}))
    response = await client.get("/open", headers={"Origin": "https://any.example"})

    assert response.headers["access-control-allow-origin"] == "*"
    assert "vary" not in response.headers


async def test_an_edit_applies_to_the_next_request(serve: Serve, tmp_path: Path) -> None:
    def write(cors: str) -> None:
        ignores = "security: {path: {ignores: /open}}"
        (tmp_path / "application.yaml").write_text(f"{ignores}\nserver: {{cors: {{{cors}}}}}\n")

    write("allowed-origins: https://app.example")
    live = LiveConfig.load(ConfigSource("t", config_dir=tmp_path), ServiceSettings)
    client = await serve(application(live))
    assert cors_headers(await client.get("/open", headers={"Origin": APP}))

    write("allowed-origins: https://other.example")
    await live.reload_if_changed()
    assert cors_headers(await client.get("/open", headers={"Origin": APP})) == {}
    assert not live.status.restart_required


@pytest.mark.parametrize(
    "origin",
    [
        *("app.example", "https://app.example/", "https://app.example/x", "https://App.example"),
        *("https://app.example:443", "http://app.example:80", "null", "https://*.example"),
        *("ftp://app.example", "https://", "https://a b", "https://user@app.example", "//x"),
        *("https://app.example?", "https://app.example#", "https://app.example:x", "https://["),
    ],
)
def test_an_origin_that_no_browser_sends_is_refused(origin: str) -> None:
    with pytest.raises(ValidationError, match=r"https://app\.example"):
        CorsSettings(allowed_origins=(origin,))


@pytest.mark.parametrize(
    "origin", ["https://app.example:8443", "http://localhost:3000", "http://[::1]:3000", "http://a"]
)
def test_an_origin_as_browsers_send_it_is_accepted(origin: str) -> None:
    assert CorsSettings(allowed_origins=(origin,)).allows(origin)


@pytest.mark.parametrize(
    "fields",
    [
        {"allowed_origins": "*", "allow_credentials": True},
        {"allowed_origins": f"{APP}, *", "allow_credentials": True},
        {"allowed_headers": "*"},
        {"allowed_methods": "*"},
        {"exposed_headers": ["a b"]},
        {"allowed_origin": APP},
    ],
    ids=str,
)
def test_settings_that_allow_too_much_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CorsSettings.model_validate(fields)
