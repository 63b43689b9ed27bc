"""The filter and the rules, in a small FastAPI application."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI, Request

from chassis import (
    CurrentAuthentication,
    LiveConfig,
    ServiceSettings,
    any_of,
    authority,
    requires,
    scope,
)
from chassis.app.error_handlers import install_error_handlers
from chassis.errors import TemporarilyUnavailable
from chassis.security.authentication import Authentication
from chassis.security.errors import ForeignToken
from chassis.security.filter import SecurityFilter
from chassis.token_services.cache import CachedTokenServices
from unit.chassis.security.tokens import ADMIN, ALICE, KnownTokens


def service() -> FastAPI:
    app = FastAPI()
    install_error_handlers(app)

    @app.get("/open")
    async def everyone(request: Request) -> dict[str, bool]:
        return {"known": "authentication" in request.scope.get("state", {})}

    @app.get("/open/me")
    @app.get("/me")
    async def me(caller: CurrentAuthentication) -> dict[str, str]:
        return {"name": caller.name}

    @app.get("/read", dependencies=[requires(scope("read"))])
    @app.get("/write", dependencies=[requires(scope("read"), scope("write"))])
    @app.get("/admin", dependencies=[requires(scope("read"), authority("ROLE_ADMIN"))])
    @app.get("/either", dependencies=[requires(any_of(scope("write"), authority("ROLE_USER")))])
    async def ok() -> None:
        return None

    return app


def protected(tokens: Any, **options: Any) -> SecurityFilter:
    settings = ServiceSettings(security={"path": {"ignores": ["/open/**"]}})
    return SecurityFilter(service(), LiveConfig.fixed(settings), tokens, **options)


async def get(app: Any, path: str, token: str | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://order-service") as client:
        return await client.get(path, headers=headers)


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/me", "/nothing-here", "/open/../me", "//open"])
async def test_a_closed_path_without_a_token_is_401_with_a_bare_challenge(path: str) -> None:
    """RFC 6750 section 3.1: no error code for a request without authentication."""
    response = await get(protected(KnownTokens()), path)
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert "error" not in response.headers["www-authenticate"]
    assert response.json()["error"] == "unauthorized"
    assert response.json()["error_description"]


@pytest.mark.anyio
async def test_a_wrong_token_is_401_invalid_token() -> None:
    response = await get(protected(KnownTokens()), "/me", "wrong")
    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["www-authenticate"]
    assert response.json()["error"] == "invalid_token"


@pytest.mark.anyio
async def test_an_open_path_is_served_without_checking_the_token() -> None:
    tokens = KnownTokens()
    response = await get(protected(tokens), "/open", "wrong")
    assert (response.status_code, response.json()) == (200, {"known": False})
    assert tokens.checks == 0


@pytest.mark.anyio
async def test_a_handler_that_needs_authentication_on_an_open_path_returns_401() -> None:
    response = await get(protected(KnownTokens()), "/open/me")
    assert (response.status_code, response.json()["error"]) == (401, "unauthorized")


@pytest.mark.anyio
async def test_a_valid_token_identifies_the_caller() -> None:
    response = await get(protected(KnownTokens()), "/me", "alice")
    assert (response.status_code, response.json()) == (200, {"name": "alice"})


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "token", "status"),
    [
        ("/read", "alice", 200),
        ("/write", "alice", 403),
        ("/write", "admin", 200),
        ("/admin", "alice", 403),
        ("/admin", "admin", 200),
        ("/either", "alice", 200),
    ],
)
async def test_every_rule_must_hold(path: str, token: str, status: int) -> None:
    assert (await get(protected(KnownTokens()), path, token)).status_code == status


@pytest.mark.anyio
async def test_a_missing_scope_is_403_and_names_the_required_scopes() -> None:
    """RFC 6750 section 3."""
    response = await get(protected(KnownTokens()), "/write", "alice")
    challenge = response.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="read write"' in challenge
    assert response.json()["error"] == "insufficient_scope"


@pytest.mark.anyio
async def test_a_missing_authority_is_403_access_denied() -> None:
    response = await get(protected(KnownTokens()), "/admin", "alice")
    assert (response.status_code, response.json()["error"]) == (403, "access_denied")


@pytest.mark.anyio
async def test_an_unreachable_authorization_server_is_503_with_retry_after() -> None:
    class Unreachable(KnownTokens):
        async def authenticate(self, token: str) -> Authentication:
            del token
            raise TemporarilyUnavailable

    response = await get(protected(Unreachable()), "/me", "alice")
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert response.json()["error"] == "temporarily_unavailable"


@pytest.mark.anyio
async def test_the_user_details_hook_may_enrich_the_caller() -> None:
    async def promote(caller: Authentication) -> Authentication:
        return replace(caller, authorities=caller.authorities | ADMIN.authorities)

    app = protected(KnownTokens(), enrich=promote)
    assert (await get(app, "/admin", "alice")).status_code == 200


@pytest.mark.anyio
async def test_a_websocket_needs_a_token() -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope_ = {"type": "websocket", "path": "/me", "headers": []}
    await protected(KnownTokens())(scope_, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008, "reason": "unauthorized"}]


class ForeignTokens(KnownTokens):
    async def authenticate(self, token: str) -> Authentication:
        raise ForeignToken(await super().authenticate(token), "order-service")


@pytest.mark.anyio
async def test_the_log_of_a_401_for_a_foreign_token_names_both_audiences() -> None:
    """A cached refusal logs them, too. The response contains neither (RFC 6750, 3.1)."""
    elsewhere = replace(ALICE, audience=frozenset({"orders", "billing"}))
    settings = ServiceSettings(security={"oauth2": {"resource": {"negative_cache_ttl": 60}}})
    tokens = ForeignTokens({"alice": elsewhere})
    app = protected(CachedTokenServices(tokens, LiveConfig.fixed(settings)))
    with structlog.testing.capture_logs() as lines:
        responses = [await get(app, "/me", "alice") for _ in range(2)]

    assert [response.status_code for response in responses] == [401, 401]
    assert tokens.checks == 1
    assert all("billing" not in response.text for response in responses)
    for line in lines:
        assert line["event_type"] == "token_refused"
        assert "aud" in line["reason"]
        assert (line["required_aud"], line["token_aud"]) == ("order-service", "billing orders")
        assert (line["user"], line["client"], line["address"]) == ("alice", "demo-app", "127.0.0.1")
    assert len(lines) == 2


@pytest.mark.anyio
async def test_a_token_without_an_audience_is_logged_as_such() -> None:
    tokens = ForeignTokens({"alice": replace(ALICE, audience=frozenset())})
    with structlog.testing.capture_logs() as lines:
        await get(protected(tokens), "/me", "alice")

    assert lines[0]["token_aud"] == "(none)"


@pytest.mark.anyio
async def test_an_unknown_token_is_not_a_security_event() -> None:
    """Anyone can send any number of those."""
    with structlog.testing.capture_logs() as lines:
        await get(protected(KnownTokens()), "/me", "wrong")

    assert lines == []


@pytest.mark.anyio
async def test_a_remembered_caller_is_served_without_asking_again() -> None:
    """Work is counted: the second request of a caller awaits no token services."""
    tokens = KnownTokens()
    live = LiveConfig.fixed(ServiceSettings())
    services = CachedTokenServices(tokens, live)
    awaited: list[str] = []
    check = services.authenticate

    async def authenticate(token: str) -> Authentication:
        awaited.append(token)
        return await check(token)

    services.authenticate = authenticate  # type: ignore[method-assign]  # to count
    app = SecurityFilter(service(), live, services)
    for _ in range(3):
        assert (await get(app, "/me", "alice")).json() == {"name": "alice"}
        assert (await get(app, "/me", "wrong")).status_code == 401

    assert awaited == ["alice", "wrong"]
