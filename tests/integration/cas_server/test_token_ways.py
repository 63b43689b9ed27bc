"""A client's own token is the same at the protocol as by ASGI; all else goes by ASGI."""

import json
from collections.abc import AsyncIterator
from functools import partial

import pytest
from redis.asyncio import Redis

from cas_server.endpoints.token import Token
from integration.cas_server.raw_requests import Connection, by_both_ways, connected, raw_request
from integration.cas_server.world import Cas

pytestmark = pytest.mark.anyio
PATH = b"/oauth/token"
OWN = b"grant_type=client_credentials"
_request = partial(raw_request, PATH)


@pytest.fixture
async def connection(cas: Cas) -> AsyncIterator[Connection]:
    """A connection; the credentials of two clients are cached."""
    for client in ("order-service", "demo-app"):
        await cas.check("any", client)
    async with connected(cas) as found:
        yield found


@pytest.fixture
def no_asgi(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail each request that reaches the ASGI application."""

    async def refused(*_: object) -> None:
        raise AssertionError("the request went by ASGI")

    monkeypatch.setattr(Token, "__call__", refused)


@pytest.mark.usefixtures("no_asgi")
async def test_a_clients_own_token_is_issued_at_the_protocol(
    cas: Cas, connection: Connection
) -> None:
    for body in (OWN, b"scope=read&" + OWN, OWN + b"&client_id=demo-app"):
        head, issued = await connection.ask(_request(body, "demo-app"))
        assert head[0] == b"HTTP/1.1 200 OK"
        assert (await cas.check(json.loads(issued)["access_token"])).status_code == 200


UNUSUAL = {
    "another grant": _request(b"grant_type=refresh_token&refresh_token=x"),
    "another grant with a name": _request(
        b"grant_type=refresh_token&scope=client_credentials", "demo-app"
    ),
    "a query": raw_request(PATH + b"?a=b", OWN),
    "credentials that are not cached": _request(OWN, "other-app"),
    "a large body": _request(OWN + b"&scope=" + b"x" * 1024),
    "another method": _request(OWN, method=b"PUT"),
}


@pytest.mark.usefixtures("no_asgi")
@pytest.mark.parametrize("sent", UNUSUAL.values(), ids=UNUSUAL)
async def test_an_unusual_request_takes_the_way_through_asgi(
    connection: Connection, sent: bytes
) -> None:
    head, _ = await connection.ask(sent)
    assert head[0] == b"HTTP/1.1 500 Internal Server Error"


SENT = {
    "no grant type": (b"scope=client_credentials", b""),
    "an unknown grant": (b"grant_type=client_credentials2", b""),
    "a scope beyond the client's": (OWN + b"&scope=admin", b""),
    "a repeated parameter": (OWN + b"&scope=read&scope=read", b""),
    "a second secret": (OWN + b"&client_secret=demo-secret", b""),
    "another client's name": (OWN + b"&client_id=other-app", b""),
    "no UTF-8": (OWN + b"&scope=%ff", b""),
    "no form": (OWN, b"Content-Type: text/plain\r\n"),
    "credentials twice": (OWN, b"Authorization: Basic eDp5\r\n"),
}


@pytest.mark.usefixtures("connection")
@pytest.mark.parametrize("sent", SENT.values(), ids=SENT)
async def test_both_ways_refuse_with_the_same_bytes(cas: Cas, sent: tuple[bytes, bytes]) -> None:
    first, second = await by_both_ways(cas, PATH, sent[0], "demo-app", sent[1])
    assert first == second
    assert first[0][0] == b"HTTP/1.1 400 Bad Request"


@pytest.mark.usefixtures("connection")
async def test_both_ways_issue_with_the_same_bytes_around_the_token(cas: Cas) -> None:
    first, second = await by_both_ways(cas, PATH, OWN, "demo-app", b"Connection: close\r\n")
    assert first[0] == second[0]
    tokens = [json.loads(body)["access_token"].encode() for _, body in (first, second)]
    assert first[1].replace(tokens[0], b"") == second[1].replace(tokens[1], b"")


@pytest.mark.usefixtures("no_asgi")
async def test_a_replica_that_missed_a_version_reads_it_and_issues(
    cas: Cas, connection: Connection, redis: int
) -> None:
    """The script refuses the older stamp; the token is stored under the new one."""
    async with Redis(port=redis) as direct:
        await direct.incr("n:version")
    head, issued = await connection.ask(_request(OWN))
    assert head[0] == b"HTTP/1.1 200 OK"
    assert (await cas.check(json.loads(issued)["access_token"])).status_code == 200


@pytest.mark.usefixtures("no_asgi")
async def test_a_key_of_another_type_is_503(connection: Connection, redis: int) -> None:
    async with Redis(port=redis) as direct:
        await direct.delete("g:t:order-service")
        await direct.set("g:t:order-service", "a text", ex=60)
        try:
            head, body = await connection.ask(_request(OWN))
            assert head[0] == b"HTTP/1.1 503 Service Unavailable"
            assert json.loads(body)["error"] == "temporarily_unavailable"
        finally:
            await direct.delete("g:t:order-service")
    assert (await connection.ask(_request(OWN)))[0][0] == b"HTTP/1.1 200 OK"
