"""Calls to another service: which token they carry, and what they do not forward."""

import asyncio
import gzip
import json
from pathlib import Path
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI

from chassis import (
    Authentication,
    ClientCredentials,
    LiveConfig,
    ServiceClient,
    ServiceClients,
    ServiceSettings,
    TokenRelay,
    create_app,
    service_client,
)
from chassis.client import ServiceUnavailable, UnusableResponse
from chassis.config import ConfigSource
from chassis.security.bearer import BearerToken
from chassis.security.errors import Unauthenticated
from chassis.telemetry.trace import Trace, current_trace
from integration.chassis_client.scripted import OK, Request, http_response, scripted
from integration.chassis_client.services import Table, live


class Cas:
    """An authorization server that numbers the tokens it issues."""

    def __init__(self, lifetime: float = 600) -> None:
        self.lifetime = lifetime
        self.issued = 0

    def __call__(self, request: Request) -> bytes:
        assert "POST /oauth/token" in request.head
        assert request.body == b"grant_type=client_credentials"
        self.issued += 1
        token = {"access_token": f"own-{self.issued}", "expires_in": self.lifetime}
        return http_response(200, json.dumps(token).encode())


def bearer(request: Request) -> str:
    line = next(li for li in request.head.splitlines() if li.lower().startswith("authorization:"))
    return line.partition("Bearer ")[2]


@pytest.mark.anyio
async def test_a_response_is_an_httpx_response() -> None:
    body = gzip.compress(b'{"version":"v1"}')
    data = http_response(200, body, "Content-Encoding: gzip", "Content-Type: application/json")
    async with (
        scripted(data) as server,
        ServiceClients(live(), discovery=Table(diff=server.address)) as clients,
    ):
        response = await clients.client("diff-ns").get("/api/detail", params={"a": "b c"})
    assert isinstance(response, httpx.Response)
    assert response.json() == {"version": "v1"}
    head = server.requests[0].head
    assert head.startswith("GET /api/detail?a=b+c HTTP/1.1\r\nHost: diff-ns\r\n")


@pytest.mark.anyio
@pytest.mark.bound("client-response")
async def test_a_response_over_the_bound_is_reported_as_such() -> None:
    """The bound also holds for decoded bodies, since a kilobyte of gzip can contain a megabyte."""
    gzipped = "Content-Encoding: gzip"
    chunks = b"".join(b"400\r\n%b\r\n" % (b"x" * 1024) for _ in range(5)) + b"0\r\n\r\n"
    for data, fits in (
        (http_response(200, b"x" * 4096), True),
        (http_response(200, b"x" * 4097), False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, False),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000, False),
        (http_response(200, gzip.compress(b"x" * 4096), gzipped), True),
        (http_response(200, gzip.compress(b"x" * 4097), gzipped), False),
        (http_response(200, gzip.compress(b"x" * 900_000), gzipped), False),
    ):
        settings = live(client={"max_response_size": 4096})
        async with (
            scripted(data) as server,
            ServiceClients(settings, discovery=Table(diff=server.address)) as clients,
        ):
            client = clients.client("diff-ns")
            if fits:
                assert (await client.get("/")).content == b"x" * 4096
                continue
            with pytest.raises(UnusableResponse, match=r"client\.max-response-size") as raised:
                await client.get("/")
            assert (raised.value.status, len(server.requests)) == (502, 1)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "data",
    [
        http_response(200, b"x", "Content-Encoding: br"),
        http_response(200, b"x", "Content-Encoding: gzip"),
        http_response(200, gzip.compress(b"x" * 99)[:-9], "Content-Encoding: gzip"),
        http_response(200, gzip.compress(gzip.compress(b"x")), "Content-Encoding: gzip, gzip"),
    ],
    ids=["another coding", "no gzip", "cut short", "twice"],
)
async def test_an_undecodable_body_is_reported_as_such(data: bytes) -> None:
    async with (
        scripted(data) as server,
        ServiceClients(live(), discovery=Table(diff=server.address)) as clients,
    ):
        with pytest.raises(UnusableResponse, match=r"coding|gzip"):
            await clients.client("diff-ns").get("/")


@pytest.mark.anyio
async def test_a_body_is_sent_with_its_length() -> None:
    async with (
        scripted(OK) as server,
        ServiceClients(live(), discovery=Table(diff=server.address)) as clients,
    ):
        client = clients.client("http://diff-ns:2001")
        await client.post("/echo", json={"a": 1})
        await client.post("/echo")
        await client.put("/echo", content=b"x")
        await client.delete("/echo")
    assert [request.body for request in server.requests] == [b'{"a":1}', b"", b"x", b""]
    assert "Host: diff-ns:2001\r\n" in server.requests[0].head


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["http://evil/", "//evil/", "api", ""])
async def test_a_path_cannot_send_the_token_to_another_host(path: str) -> None:
    async with ServiceClients(live(), discovery=Table()) as clients:
        with pytest.raises(ValueError, match="one slash"):
            await clients.client("diff-ns").get(path)


@pytest.mark.anyio
async def test_redirects_and_cookies_are_ignored() -> None:
    data = http_response(302, b"", "Location: http://evil/", "Set-Cookie: session=alice")
    async with (
        scripted(data) as server,
        ServiceClients(live(), discovery=Table(diff=server.address)) as clients,
    ):
        client = clients.client("diff-ns")
        assert (await client.get("/")).status_code == 302
        await client.get("/")
    assert "cookie" not in server.requests[1].head.lower()
    assert len(server.requests) == 2


@pytest.mark.anyio
async def test_a_call_propagates_the_trace() -> None:
    async with (
        scripted(OK) as server,
        ServiceClients(live(), discovery=Table(diff=server.address)) as clients,
    ):
        trace = Trace()
        outer = current_trace.set(trace)
        await clients.client("diff-ns").get("/")
        current_trace.reset(outer)
    assert f"traceparent: {trace.traceparent()}" in server.requests[0].head


@pytest.mark.anyio
async def test_an_unknown_service_is_503() -> None:
    async with ServiceClients(live(), discovery=Table()) as clients:
        with pytest.raises(ServiceUnavailable, match="diff-ns"):
            await clients.client("diff-ns").get("/")


@pytest.mark.anyio
async def test_a_retry_budget_of_zero_means_one_attempt() -> None:
    async with (
        scripted(http_response(503, b"{}")) as server,
        ServiceClients(
            live(client={"retry_budget": 0}), discovery=Table(diff=server.address)
        ) as clients,
    ):
        assert (await clients.client("diff-ns").get("/")).status_code == 503
    assert len(server.requests) == 1


@pytest.mark.anyio
async def test_relay_sends_the_callers_token_and_is_401_without_one() -> None:
    async with (
        scripted(OK) as server,
        ServiceClients(live(), discovery=Table(diff=server.address)) as clients,
    ):
        token = BearerToken("alices")
        await clients.client("diff-ns", auth=TokenRelay(), caller_token=token).get("/")
        with pytest.raises(Unauthenticated):
            clients.client("diff-ns", auth=TokenRelay())
    assert bearer(server.requests[0]) == "alices"


@pytest.mark.anyio
async def test_the_services_own_token_is_fetched_once_for_many_calls() -> None:
    cas = Cas()
    async with (
        scripted(cas) as cas_server,
        scripted(OK) as server,
        ServiceClients(
            live(), discovery=Table(cas=cas_server.address, diff=server.address)
        ) as clients,
    ):
        client = clients.client("diff-ns", auth=ClientCredentials())
        await asyncio.gather(*(client.get("/") for _ in range(20)))
        await client.get("/")
    assert cas.issued == 1
    assert {bearer(request) for request in server.requests} == {"own-1"}


@pytest.mark.anyio
async def test_the_services_own_token_is_renewed_before_it_expires() -> None:
    cas = Cas(lifetime=0)
    async with (
        scripted(cas) as cas_server,
        scripted(OK) as server,
        ServiceClients(
            live(), discovery=Table(cas=cas_server.address, diff=server.address)
        ) as clients,
    ):
        client = clients.client("diff-ns", auth=ClientCredentials())
        await client.get("/")
        await client.get("/")
    assert [bearer(request) for request in server.requests] == ["own-1", "own-2"]


@pytest.mark.anyio
async def test_a_revoked_token_of_the_service_is_replaced_once() -> None:
    cas = Cas()
    refused = http_response(401, b'{"error":"invalid_token"}')
    async with (
        scripted(cas) as cas_server,
        scripted(lambda request: refused if bearer(request) == "own-1" else OK) as server,
        ServiceClients(
            live(), discovery=Table(cas=cas_server.address, diff=server.address)
        ) as clients,
    ):
        response = await clients.client("diff-ns", auth=ClientCredentials()).get("/")
    assert response.status_code == 200
    assert cas.issued == 2


@pytest.mark.anyio
async def test_a_service_that_always_returns_401_gets_only_two_calls() -> None:
    cas = Cas()
    async with (
        scripted(cas) as cas_server,
        scripted(http_response(401, b"{}")) as server,
        ServiceClients(
            live(), discovery=Table(cas=cas_server.address, diff=server.address)
        ) as clients,
    ):
        response = await clients.client("diff-ns", auth=ClientCredentials()).get("/")
    assert response.status_code == 401
    assert (cas.issued, len(server.requests)) == (2, 2)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "data",
    [
        http_response(401, b'{"error":"invalid_client"}'),
        http_response(200, b"{}"),
        http_response(200, b'{"access_token":"a b","expires_in":60}'),
        http_response(200, b'{"access_token":1,"expires_in":60}'),
        http_response(200, b'{"access_token":"t","expires_in":"soon"}'),
        http_response(200, b'{"access_token":"t","expires_in":-1}'),
        http_response(200, b'{"access_token":"t","expires_in":true}'),
        http_response(200, b'{"access_token":"t","expires_in":1e999}'),
        http_response(200, b'{"access_token":"t","token_type":"mac","expires_in":60}'),
        http_response(200, b"oops"),
        http_response(200, b"[" * 100_000),
    ],
)
async def test_without_an_own_token_no_call_is_made_and_the_reason_is_given(data: bytes) -> None:
    async with (
        scripted(data) as cas_server,
        scripted(OK) as server,
        ServiceClients(
            live(), discovery=Table(cas=cas_server.address, diff=server.address)
        ) as clients,
    ):
        with pytest.raises(UnusableResponse) as raised:
            await clients.client("diff-ns", auth=ClientCredentials()).get("/")
    assert server.requests == []
    assert (raised.value.status, raised.value.error) == (502, "bad_gateway")
    assert raised.value.reason
    assert "unreachable" not in raised.value.description


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, b"<html>no such page</html>", "status 404, no error code"),
        (401, b"", "status 401, no error code"),
        (307, b"", "status 307, no error code"),
        (400, b'{"error":["x"]}', "status 400, no error code"),
        (400, b'{"error":"invalid_scope"}', "status 400, invalid_scope"),
        (200, b"<html>", "it is not a JSON object"),
    ],
)
async def test_the_status_of_a_refused_token_request_is_reported_first(
    status: int, body: bytes, reason: str
) -> None:
    """A wrong address may return an HTML page. The JSON error would mislead."""
    async with (
        scripted(http_response(status, body)) as cas_server,
        ServiceClients(live(), discovery=Table(cas=cas_server.address)) as clients,
    ):
        with pytest.raises(UnusableResponse) as raised:
            await clients.client("diff-ns", auth=ClientCredentials()).get("/")
    assert raised.value.reason == reason


@pytest.mark.anyio
@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_temporarily_unavailable_token_endpoint_is_503(status: int) -> None:
    async with (
        scripted(http_response(status, b'{"error":"temporarily_unavailable"}')) as cas_server,
        ServiceClients(live(), discovery=Table(cas=cas_server.address)) as clients,
    ):
        with pytest.raises(ServiceUnavailable, match=f"responded {status}") as raised:
            await clients.client("diff-ns", auth=ClientCredentials()).get("/")
    assert (raised.value.status, raised.value.headers["Retry-After"]) == (503, "1")


@pytest.mark.anyio
@pytest.mark.parametrize("lifetime", ['"600"', '"600.0"', "600", "600.5"])
async def test_expires_in_is_parsed_like_common_clients_do(lifetime: str) -> None:
    """golang.org/x/oauth2, oauthlib, Authlib and Spring accept a string as well."""
    token = f'{{"access_token":"t","token_type":"BEARER","expires_in":{lifetime}}}'.encode()
    async with (
        scripted(http_response(200, token)) as cas_server,
        scripted(OK) as server,
        ServiceClients(
            live(), discovery=Table(cas=cas_server.address, diff=server.address)
        ) as clients,
    ):
        client = clients.client("diff-ns", auth=ClientCredentials())
        await client.get("/")
        await client.get("/")
    assert len(cas_server.requests) == 1


@pytest.mark.anyio
async def test_a_reload_of_the_client_section_applies_to_the_next_call(tmp_path: Path) -> None:
    def write(source_address: str) -> None:
        (tmp_path / "application.yaml").write_text(f"client: {{source-address: {source_address}}}")

    write("127.0.0.8")
    source = ConfigSource("order-service", config_dir=tmp_path)
    settings = LiveConfig.load(source, ServiceSettings)
    async with (
        scripted(OK) as server,
        ServiceClients(settings, discovery=Table(diff=server.address)) as clients,
    ):
        client = clients.client("diff-ns")
        await client.get("/")
        write("127.0.0.9")
        await settings.reload_if_changed()
        await client.get("/")
    assert [request.peer for request in server.requests] == ["127.0.0.8", "127.0.0.9"]


class Alices:
    """Token services that know one token."""

    async def authenticate(self, token: str) -> Authentication:
        assert token == "alices"
        return Authentication(client_id="demo-app", user_name="alice")

    async def aclose(self) -> None:
        """Close nothing."""


@pytest.mark.anyio
async def test_a_handler_gets_a_client_bound_to_its_request(tmp_path: Path) -> None:
    async with scripted(http_response(200, b'{"version":"v1"}')) as server:
        table = tmp_path / "table.json"
        address = f"{server.address.host}:{server.address.port}"
        table.write_text(json.dumps({"diff-ns.default:80": address}))
        settings = ServiceSettings(discovery={"mode": "static", "table": str(table)})
        app = create_app(
            LiveConfig.fixed(settings), title="t", version="1", token_services=Alices()
        )
        _relaying(app)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://order-service"
        ) as http:
            headers = {"Authorization": "Bearer alices"}
            response = await http.get("/relayed", headers=headers)
        await app.state.chassis.clients.__aexit__(None, None, None)
    assert (response.status_code, response.json()) == (200, {"version": "v1"})
    assert bearer(server.requests[0]) == "alices"


Relayed = Annotated[ServiceClient, Depends(service_client("diff-ns", auth=TokenRelay()))]


def _relaying(app: FastAPI) -> None:
    @app.get("/relayed")
    async def handler(diff_ns: Relayed) -> dict[str, str]:
        detail: dict[str, str] = (await diff_ns.get("/api/detail")).json()
        return detail
