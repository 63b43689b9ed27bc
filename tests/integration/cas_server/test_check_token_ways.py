"""check_token gives the same response at the protocol as by ASGI, and says which way it took."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from cas_server.endpoints.check_token import CheckToken
from integration.cas_server.world import BASIC, Cas

pytestmark = pytest.mark.anyio
PATH = b"/oauth/check_token"
FORM = b"application/x-www-form-urlencoded"
VARYING = (b"date: ", b"traceresponse: ")


def _request(
    body: bytes,
    client: str = "order-service",
    *,
    target: bytes = PATH,
    content_type: bytes = FORM,
    more: bytes = b"",
    method: bytes = b"POST",
) -> bytes:
    basic = b64encode(f"{client}:{BASIC[client]}".encode())
    return (
        b"%b %b HTTP/1.1\r\nHost: cas\r\nAuthorization: Basic %b\r\nContent-Type: %b\r\n"
        b"Content-Length: %d\r\n%b\r\n%b"
    ) % (method, target, basic, content_type, len(body), more, body)


class Connection:
    """A persistent connection to the first replica."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, *pieces: bytes) -> tuple[list[bytes], bytes]:
        """Send a request in pieces; return the lines of the response's head, and its body."""
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()
        return await self.response()

    async def response(self) -> tuple[list[bytes], bytes]:
        head = (await self._reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[:-2]
        length = next(int(line[16:]) for line in head if line.startswith(b"content-length: "))
        return head, await self._reader.readexactly(length)


@pytest.fixture
async def connection(cas: Cas) -> AsyncIterator[Connection]:
    url = urlsplit(cas.urls[0])
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    yield Connection(reader, writer)
    writer.close()


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
    "a query": _request(b"token=x", target=PATH + b"?a=b"),
    "a form that needs a parser": _request(b"a=b&token=x"),
    "credentials that are not cached": _request(b"token=x", "other-app"),
    "an encoded path": _request(b"token=x", target=b"/oauth/check%5Ftoken"),
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
    url = urlsplit(cas.urls[0])
    responses = []
    for target in (PATH, PATH + b"?"):
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        head, received = await Connection(reader, writer).ask(
            _request(body, client, target=target, more=more)
        )
        responses.append(([line for line in head if not line.startswith(VARYING)], received))
        assert sum(line.startswith(VARYING) for line in head) == len(VARYING)
        writer.close()
    assert responses[0] == responses[1]


async def test_both_ways_continue_a_trace(cas: Cas, connection: Connection) -> None:
    await cas.check("any")
    trace = b"0af7651916cd43dd8448eb211c80319c"
    more = b"traceparent: 00-" + trace + b"-b7ad6b7169203331-01\r\n"
    for target in (PATH, PATH + b"?"):
        head, _ = await connection.ask(_request(b"token=x", target=target, more=more))
        assert any(line.startswith(b"traceresponse: 00-" + trace) for line in head)


async def test_pipelined_requests_of_both_ways_are_answered_in_their_order(
    cas: Cas, connection: Connection
) -> None:
    await cas.check("any")
    token = b"token=" + (await cas.client_token()).encode()
    ways = [_request(token), _request(b"token=x", target=PATH + b"?"), _request(token)]
    first = await connection.ask(b"".join([*ways, _request(b"token=x", "demo-app")]))
    rest = [await connection.response() for _ in range(3)]
    statuses = [head[0].split(b" ")[1] for head, _ in (first, *rest)]
    assert statuses == [b"200", b"400", b"200", b"403"]
