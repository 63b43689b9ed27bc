"""Streams of requests for one connection, and a model of the expected responses."""

import random
from dataclasses import dataclass, replace

MOST = 4000
"""The body limit in the settings of the service under test, in bytes."""
HOST = b"Host: sample\r\n"
LAST = b"GET /message HTTP/1.1\r\nHost: sample\r\nConnection: close\r\n\r\n"
_SMUGGLED = b"POST /echo/666 HTTP/1.1\r\nHost: sample\r\nContent-Length: 0\r\n\r\n"
_OFFERS = (
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
    b"Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n",
    b"Upgrade: TLS/1.0\r\n",
)
_HARMLESS = (
    b"Accept: */*\r\n",
    b"X-Empty:\r\n",
    b"x-long: " + b"y" * 3000 + b"\r\n",
    b"Connection: keep-alive\r\n",
    b"Content-Type: application/octet-stream\r\n",
    b"Cookie: a=b; c=d\r\n",
    b"Authorization: \t Bearer a.b.c \t\r\n",
    b"TE: trailers\r\n",
    b"X-Latin: \xe4\xf6\r\n",
)
_WRONG: tuple[tuple[bytes, int], ...] = (
    (b"POST /echo/1 HTTP/1.1\r\n\r\n", 400),
    (b"POST /echo/1 HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
    (b"POST /echo/1 HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    (b"POST /echo/1 HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    (b"POST /echo/1 HTTP/1.1\r\nHost : a\r\n\r\n", 400),
    (b"POST /echo/1 HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"POST /echo/1 HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip\r\n\r\n", 400),
    (b"POST /echo/1 HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked, gzip\r\n\r\n", 400),
    (b"POST /echo/1 HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
    (
        b"POST /echo/1 HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n"
        b"Content-Length: 5\r\n\r\n0\r\n\r\n",
        400,
    ),
    (b"POST /echo/1 HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    (b"POST /echo/1 HTTP/1.1\r\n" + HOST + b"Content-Length: +1\r\n\r\n", 400),
    (b"POST /echo/1 HTTP/1.1\r\n" + HOST + b"X-A: b\r\n c\r\n\r\n", 400),
    (b"POST /echo/1 HTTP/1.1\r\n" + HOST + b"X-A: b\rc\r\n\r\n", 400),
    (b"POST /echo/1 HTTP/1.1\r\n" + HOST + b"X-A: \x00\r\n\r\n", 400),
    (b"POST /echo/1 HTTP/1.1\n" + b"Host: sample\n\n", 400),
    (b"POST /echo/1 HTTP/2.0\r\n" + HOST + b"\r\n", 400),
    (b"POST /echo/1\r\n\r\n", 400),
    (b"CONNECT sample:80 HTTP/1.1\r\nHost: sample:80\r\n\r\n", 405),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    (b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 431),
    (b"GET / HTTP/1.1\r\n" + HOST + b"a:\r\n" * 200 + b"\r\n", 431),
    (b"POST /echo/1 HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    (b"POST /echo/1 HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 400),
)


@dataclass(frozen=True, slots=True)
class Expected:
    """One expected response. `end` tells whether it closes the connection; None allows both."""

    status: int
    body: bytes | None = None
    end: bool | None = False


_BODILESS = (
    (b"GET /message HTTP/1.1", Expected(200, b'"hello"')),
    (b"HEAD /message HTTP/1.1", Expected(200, b"")),
    (b"GET /nothing HTTP/1.1", Expected(404)),
    (b"GET /message HTTP/1.0", Expected(200, b'"hello"', end=True)),
)


@dataclass(frozen=True, slots=True)
class Stream:
    """The bytes for one connection, split into packets, and the expected responses."""

    data: bytes
    cuts: tuple[int, ...]
    expected: tuple[Expected, ...]


def stream(rng: random.Random) -> Stream:
    """Return some requests in sequence. After one that closes the connection, none is served."""
    data: list[bytes] = []
    expected: list[Expected] = []
    ended = False
    for number in range(rng.randint(1, 6)):
        request, response = _request(rng, number)
        data.append(request)
        if not ended:
            if response.end and response.status >= 400 and expected:
                # Seen early, it makes the server close the connection after the previous response.
                expected[-1] = replace(expected[-1], end=None)
            expected.append(response)
        ended = ended or response.end is True
    if not ended:
        expected.append(Expected(200, b'"hello"', end=True))
    whole = b"".join((*data, LAST))
    cuts = sorted(rng.choices(range(1, len(whole)), k=rng.choice((0, 0, 1, 3, 12))))
    return Stream(whole, tuple(cuts), tuple(expected))


def mutated(rng: random.Random, first: Stream) -> bytes:
    """Return a stream's bytes with some of them changed."""
    data = bytearray(first.data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data))
        match rng.randrange(4):
            case 0:
                data[at] = rng.randrange(256)
            case 1:
                del data[at : at + rng.randint(1, 5)]
            case 2:
                data[at:at] = rng.choice(
                    (b"\r\n", b"\n", b"\r", b" ", b":", b"0", b"\x00", b"\xff")
                )
            case _:
                data[at:at] = data[at : at + rng.randint(1, 40)]
        data = data or bytearray(b"\r\n")
    return bytes(data)


def _request(rng: random.Random, number: int) -> tuple[bytes, Expected]:
    kind = rng.randrange(12)
    if kind == 0:
        data, status = rng.choice(_WRONG)
        return data, Expected(status, end=True)
    if kind == 1:
        return _too_large(rng, number)
    if kind < len(_BODILESS) + 2:
        line, expected = _BODILESS[kind - 2]
        return _head(rng, line), expected
    return _echo(rng, number)


def _echo(rng: random.Random, number: int) -> tuple[bytes, Expected]:
    target = rng.choice((b"/echo/%d", b"http://sample/echo/%d", b"/echo/%d?a=b")) % number
    line, body = b"POST " + target + b" HTTP/1.1", _body(rng)
    space = rng.choice((b" ", b"", b" \t"))
    if rng.random() < 0.5:
        length = b"Content-Length:%b%0*d%b\r\n" % (space, rng.choice((1, 7)), len(body), space)
        request = _head(rng, line, length) + body
    else:
        coding = b"Transfer-Encoding: " + rng.choice((b"chunked", b"Chunked", b",chunked"))
        request = _head(rng, line, coding + b"\r\n") + _chunked(rng, body)
    return request, Expected(200, b"%d:" % number + body)


def _too_large(rng: random.Random, number: int) -> tuple[bytes, Expected]:
    """Return a body over the limit. Its refusal may arrive before it is sent completely."""
    line, body = b"POST /echo/%d HTTP/1.1" % number, b"x" * (MOST + rng.randint(1, 2000))
    if rng.random() < 0.5:
        request = _head(rng, line, b"Content-Length: %d\r\n" % len(body)) + body
    else:
        request = _head(rng, line, b"Transfer-Encoding: chunked\r\n") + _chunked(rng, body)
    return request, Expected(413, end=None)


def _head(rng: random.Random, line: bytes, length: bytes = b"") -> bytes:
    """Return a head with its lines in random order, sometimes with an offered upgrade."""
    expect = b"Expect: 100-continue\r\n" if length and rng.random() < 0.1 else b""
    lines = [HOST, length, expect, *rng.sample(_HARMLESS, rng.randint(0, 4))]
    if rng.random() < 0.3:
        lines.append(rng.choice(_OFFERS))
    rng.shuffle(lines)
    return line + b"\r\n" + b"".join(lines) + b"\r\n"


def _body(rng: random.Random) -> bytes:
    size = rng.choice((0, 1, 3, 50, 700, MOST))
    match rng.randrange(3):
        case 0:
            return (_SMUGGLED * (size // len(_SMUGGLED) + 1))[:size]
        case 1:
            return (b"\r\n" * size)[:size]
        case _:
            return rng.randbytes(size)


def _chunked(rng: random.Random, body: bytes) -> bytes:
    pieces: list[bytes] = []
    start = 0
    while start < len(body):
        size = rng.choice((1, 2, 16, 300, 5000)) if len(pieces) < 50 else len(body)
        piece = body[start : start + size]
        extension = rng.choice((b"", b"", b";a", b';a="b c"'))
        pieces.append(b"%0*x%b\r\n%b\r\n" % (rng.choice((1, 4)), len(piece), extension, piece))
        start += size
    trailers = rng.choice((b"", b"", b"X-Trailer: x\r\nAuthorization: x\r\n"))
    return b"".join((*pieces, b"0\r\n", trailers, b"\r\n"))
