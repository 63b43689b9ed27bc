"""check_token gives the same response at the protocol as by ASGI, and says which way it took."""

from collections.abc import AsyncIterator
from functools import partial

import pytest

from cas_server.endpoints.check_token import CheckToken
from integration.cas_server.raw_requests import Connection, by_both_ways, connected, raw_request
from integration.cas_server.world import Cas

pytestmark = pytest.mark.anyio
PATH = b"/oauth/check_token"
_request = partial(raw_request, PATH)


@pytest.fixture
async def connection(cas: Cas) -> AsyncIterator[Connection]:
    async with connected(cas) as found:
        yield found


@pytest.fixture
async def no_asgi(cas: Cas, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail each request that reaches the ASGI application; credentials are cached before."""
    for client in ("order-service", "stock-service", "demo-app"):
        await cas.check("any", client)

    async def refused(*_: object) -> None:
        raise AssertionError("the request went by ASGI")

    monkeypatch.setattr(CheckToken, "__call__", refused)


@pytest.mark.usefixtures("no_asgi")
async def test_the_usual_request_is_served_at_the_protocol(
    cas: Cas, connection: Connection
) -> None:
    token = (await cas.client_token()).encode()
    head, body = await connection.ask(_request(b"token=" + token))
    assert head[0] == b"HTTP/1.1 200 OK"
    assert b'"active":true' in body

    whole = _request(b"token=" + token)
    assert await connection.ask(whole[:-10], whole[-10:])  # the connection lives on
    assert (await connection.ask(_request(b"token=x")))[0][0] == b"HTTP/1.1 400 Bad Request"
    denied = await connection.ask(_request(b"token=x", "demo-app"))
    assert denied[0][0] == b"HTTP/1.1 403 Forbidden"


UNUSUAL = {
    "a query": raw_request(PATH + b"?a=b", b"token=x"),
    "a form that needs a parser": _request(b"a=b&token=x"),
    "credentials that are not cached": _request(b"token=x", "other-app"),
    "an encoded path": raw_request(b"/oauth/check%5Ftoken", b"token=x"),
    "a large body": _request(b"token=" + b"x" * 4097),
    "no body": _request(b""),
    "an expectation": _request(b"token=x", more=b"Expect: something\r\n"),
    "another method": _request(b"token=x", method=b"PUT"),
}


@pytest.mark.usefixtures("no_asgi")
@pytest.mark.parametrize("sent", UNUSUAL.values(), ids=UNUSUAL)
async def test_an_unusual_request_takes_the_way_through_asgi(
    connection: Connection, sent: bytes
) -> None:
    head, _ = await connection.ask(sent)
    assert head[0] == b"HTTP/1.1 500 Internal Server Error"


SENT = {
    "unknown token": (b"token=unknown", "order-service", b""),
    "denied client": (b"token=unknown", "demo-app", b""),
    "no form": (b"token=unknown", "order-service", b"Content-Type: text/plain\r\n"),
    "credentials twice": (b"token=x", "order-service", b"Authorization: Basic eDp5\r\n"),
    "the last request": (b"token=x", "order-service", b"Connection: close\r\n"),
}


@pytest.mark.parametrize("sent", [*SENT.values(), None], ids=[*SENT, "live token"])
async def test_both_ways_give_the_same_bytes(
    cas: Cas, sent: tuple[bytes, str, bytes] | None
) -> None:
    body, client, more = sent or (
        b"token=" + (await cas.client_token()).encode(),
        "order-service",
        b"",
    )
    await cas.check("any", client)
    first, second = await by_both_ways(cas, PATH, body, client, more)
    assert first == second


async def test_both_ways_continue_a_trace(cas: Cas, connection: Connection) -> None:
    await cas.check("any")
    trace = b"0af7651916cd43dd8448eb211c80319c"
    more = b"traceparent: 00-" + trace + b"-b7ad6b7169203331-01\r\n"
    for target in (PATH, PATH + b"?"):
        head, _ = await connection.ask(raw_request(target, b"token=x", more=more))
        assert any(line.startswith(b"traceresponse: 00-" + trace) for line in head)


async def test_pipelined_requests_of_both_ways_are_answered_in_their_order(
    cas: Cas, connection: Connection
) -> None:
    await cas.check("any")
    token = b"token=" + (await cas.client_token()).encode()
    ways = [_request(token), raw_request(PATH + b"?", b"token=x"), _request(token)]
    first = await connection.ask(b"".join([*ways, _request(b"token=x", "demo-app")]))
    rest = [await connection.response() for _ in range(3)]
    statuses = [head[0].split(b" ")[1] for head, _ in (first, *rest)]
    assert statuses == [b"200", b"400", b"200", b"403"]
