"""docs/design/protocol.md, "Responses of authorization servers": over real HTTP."""

import base64
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import httptools
import pytest
import structlog

from chassis import TokenServices
from chassis.client import ServiceClients
from chassis.discovery import Address
from chassis.errors import ApiError, InvalidToken, TemporarilyUnavailable
from chassis.token_services.modes import create_token_services
from chassis.transport import RawRequest
from integration.chassis_client.scripted import Request, Script, http_response, scripted
from integration.chassis_client.services import CAS, Table, live

LIVE = {
    "active": True,
    "client_id": "demo-app",
    "user_name": "alice",
    "scope": ["read"],
    "authorities": ["ROLE_USER"],
    "aud": ["order-service"],
    "exp": 4102444800,
}
YES = http_response(200, json.dumps(LIVE).encode())


@asynccontextmanager
async def token_services(address: Address, **resource: Any) -> AsyncIterator[TokenServices]:
    settings = live(client={"timeout": 1.0}, **resource)
    async with ServiceClients(settings, discovery=Table(cas=address)) as clients:
        yield create_token_services(settings, clients)


async def refusal(script: Script | bytes, **resource: Any) -> ApiError:
    async with scripted(script) as server, token_services(server.address, **resource) as services:
        with pytest.raises(ApiError) as raised:
            await services.authenticate("t0ken")
    return raised.value


@pytest.mark.anyio
async def test_a_check_is_a_form_with_basic_credentials() -> None:
    async with scripted(YES) as server, token_services(server.address) as services:
        caller = await services.authenticate("a+b/c==")
    assert caller.name == "alice"
    (request,) = server.requests
    basic = base64.b64encode(b"order-service:order-service-123").decode()
    assert request.head.startswith("POST /oauth/check_token HTTP/1.1\r\n")
    assert f"Authorization: Basic {basic}\r\n" in request.head
    assert parse_qs(request.body.decode()) == {"token": ["a+b/c=="]}


@pytest.mark.anyio
async def test_checks_in_a_row_share_connection_parser_and_head(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """docs/design/costs.md, "An endpoint on the chassis"."""
    made: list[str] = []
    head, parser = RawRequest.head, httptools.HttpResponseParser

    def counted_head(request: RawRequest) -> bytes:
        made.append("head")
        return head(request)

    def counted_parser(protocol: object) -> object:
        made.append("parser")
        return parser(protocol)

    monkeypatch.setattr(RawRequest, "head", counted_head)
    monkeypatch.setattr(httptools, "HttpResponseParser", counted_parser)
    off = {"cache_ttl": 0, "negative_cache_ttl": 0}
    async with scripted(YES) as server, token_services(server.address, **off) as services:
        for number in range(5):
            await services.authenticate(f"token-{number}")

    assert [one.body for one in server.requests] == [b"token=token-%d" % n for n in range(5)]
    assert sorted(made) == ["head", "parser"]


@pytest.mark.anyio
@pytest.mark.parametrize("error", ["invalid_token", "invalid_request"])
async def test_a_400_means_an_invalid_token(error: str) -> None:
    body = json.dumps({"error": error, "error_description": "x"}).encode()
    refused = await refusal(http_response(400, body))
    assert isinstance(refused, InvalidToken)
    assert refused.status == 401


@pytest.mark.anyio
@pytest.mark.parametrize(
    "change", [{"active": False}, {"exp": 1}, {"aud": ["stock-service"]}, {"aud": []}], ids=str
)
async def test_a_200_for_an_inactive_expired_or_foreign_token_is_refused(
    change: dict[str, Any],
) -> None:
    refused = await refusal(http_response(200, json.dumps({**LIVE, **change}).encode()))
    assert isinstance(refused, InvalidToken)


@pytest.mark.anyio
@pytest.mark.parametrize("status", [401, 403])
async def test_refused_client_credentials_are_logged_and_503(status: int) -> None:
    body = b'{"error":"invalid_client","error_description":"x"}'
    with structlog.testing.capture_logs() as logs:
        refused = await refusal(http_response(status, body))
    assert isinstance(refused, TemporarilyUnavailable)
    (entry,) = [log for log in logs if log["log_level"] == "error"]
    assert "this service's credentials" in entry["reason"]
    assert "t0ken" not in str(logs)
    assert "order-service-123" not in str(logs)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "data",
    [
        http_response(200, b"{}"),
        http_response(200, b'{"detail":"Not Found"}'),
        http_response(200, b"<html>"),
        http_response(200, b"[]"),
        http_response(200, json.dumps({**LIVE, "error": "x"}).encode()),
        http_response(200, json.dumps({"aud": ["order-service"]}).encode()),
        http_response(200, json.dumps({**LIVE, "active": "true"}).encode()),
        http_response(200, json.dumps({**LIVE, "pad": "x" * 2_000_000}).encode()),
        http_response(201, json.dumps(LIVE).encode()),
        http_response(302, b"", "Location: http://evil/"),
        http_response(400, b'{"detail":"Bad Request"}'),
        http_response(400, b"oops"),
        http_response(404, b'{"error":"not_found"}'),
        http_response(429, b'{"error":"x"}'),
        http_response(500, b"{}"),
        http_response(503, b'{"error":"temporarily_unavailable"}'),
        b"garbage\r\n\r\n",
    ],
    ids=range(17),
)
async def test_any_other_response_is_503_with_retry_after(data: bytes) -> None:
    refused = await refusal(data)
    assert isinstance(refused, TemporarilyUnavailable)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (http_response(200, json.dumps({**LIVE, "pad": "x" * 5_000}).encode()), "4096 bytes"),
        (http_response(200, json.dumps({**LIVE, "exp": "soon"}).encode()), "exp is not a number"),
        (
            http_response(200, json.dumps({**LIVE, "authorities": [1]}).encode()),
            "authorities is no",
        ),
        (http_response(200, b"<html>"), "not JSON"),
        (http_response(404, b"{}"), "an unexpected status, 404"),
        (http_response(401, b"{}"), "rejects this service's credentials"),
    ],
    ids=range(6),
)
async def test_an_unusable_response_is_reported_with_its_reason(data: bytes, reason: str) -> None:
    """The response to the caller and the log have the reason, which differs from an outage."""
    settings = live(client={"max_response_size": 4096})
    async with (
        scripted(data) as server,
        ServiceClients(settings, discovery=Table(cas=server.address)) as clients,
    ):
        with structlog.testing.capture_logs() as logs, pytest.raises(ApiError) as raised:
            await create_token_services(settings, clients).authenticate("t0ken")
    assert raised.value.status == 503
    assert reason in raised.value.description
    (entry,) = [log for log in logs if log["log_level"] == "error"]
    assert reason in entry["reason"]
    assert "unreachable" not in str(logs) + raised.value.description


@pytest.mark.anyio
async def test_an_unreachable_server_is_503_with_retry_after() -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        async with token_services(Address(*unheard.getsockname())) as services:
            with pytest.raises(TemporarilyUnavailable) as raised:
                await services.authenticate("t0ken")
    assert raised.value.headers["Retry-After"] == "1"


@pytest.mark.anyio
async def test_without_a_uri_every_check_fails() -> None:
    async with token_services(Address("127.0.0.1", 1), token_info_uri=None) as services:
        with pytest.raises(TemporarilyUnavailable):
            await services.authenticate("t0ken")


@pytest.mark.anyio
async def test_a_check_whose_connection_breaks_is_retried() -> None:
    """check_token is a POST, but it is idempotent."""

    def breaks_first(request: Request) -> bytes | None:
        return YES if request.connection else None

    async with scripted(breaks_first) as server, token_services(server.address) as services:
        assert (await services.authenticate("t0ken")).name == "alice"


@pytest.mark.anyio
@pytest.mark.parametrize(("prefer", "path"), [(True, "/check_token"), (False, "/user")])
async def test_prefer_token_info_selects_one_of_two_uris(*, prefer: bool, path: str) -> None:
    options = {"user_info_uri": f"{CAS}/user", "prefer_token_info": prefer}
    async with scripted(YES) as server, token_services(server.address, **options) as services:
        await services.authenticate("t0ken")
    assert f"{path} HTTP/1.1" in server.requests[0].head


@pytest.mark.anyio
async def test_user_info_is_requested_with_the_callers_token() -> None:
    body = json.dumps({"username": "alice", "authorities": ["ROLE_USER"]}).encode()
    options = {"token_info_uri": None, "user_info_uri": f"{CAS}/user", "id": None}
    async with (
        scripted(http_response(200, body)) as server,
        token_services(server.address, **options) as services,
    ):
        caller = await services.authenticate("t0ken")
    assert (caller.name, caller.client_id) == ("alice", "order-service")
    assert "GET /oauth/user" in server.requests[0].head
    assert "Authorization: Bearer t0ken\r\n" in server.requests[0].head


@pytest.mark.anyio
async def test_a_401_of_user_info_means_an_invalid_token() -> None:
    body = b'{"error":"invalid_token"}'
    options = {"token_info_uri": None, "user_info_uri": f"{CAS}/user"}
    assert isinstance(await refusal(http_response(401, body), **options), InvalidToken)
