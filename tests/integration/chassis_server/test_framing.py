"""The end of a request, and invalid requests: RFC 9112, sections 3.2, 6.1 and 6.3."""

import contextlib
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from integration.chassis_server.service_process import ServiceProcess, sample_service

HOST = b"Host: sample\r\n"
BODY = b"Content-Type: application/octet-stream\r\n"
OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
GET = b"GET /message HTTP/1.1\r\n" + HOST + b"\r\n"


@dataclass
class Got:
    """One response, and whether the connection was closed."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def closes(self) -> bool:
        return self.headers.get("connection") == "close"


@pytest.fixture(scope="module")
def service() -> Iterator[ServiceProcess]:
    with sample_service("--server.request-timeout=1h", "--server.max-body-size=1000") as running:
        yield running


def responses(service: ServiceProcess, *pieces: bytes) -> list[Got]:
    """Send each piece as a packet; read until the service closes the connection or is idle."""
    with service.socket() as peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError):  # if the connection has been closed already
            # The last request closes the connection, so that reading needs no timeout.
            for piece in (*pieces, LAST):
                peer.sendall(piece)
        got: list[Got] = []
        # Bytes sent after the close may reset a connection, after its responses were read.
        with peer.makefile("rb") as reader, contextlib.suppress(ConnectionResetError):
            while line := reader.readline():
                status, headers = int(line.split()[1]), dict[str, str]()
                while (line := reader.readline()) != b"\r\n":
                    name, _, value = line.decode().partition(":")
                    headers[name.lower()] = value.strip()
                body = reader.read(int(headers.get("content-length", 0)))
                got.append(Got(status, headers, body))
    return got


LAST = b"GET /last HTTP/1.1\r\nHost: sample\r\nConnection: close\r\n\r\n"


def statuses(service: ServiceProcess, *pieces: bytes) -> list[int]:
    return [got.status for got in responses(service, *pieces)]


def only(service: ServiceProcess, *pieces: bytes) -> Got:
    """Return the only response to a request that must close the connection."""
    got = responses(service, *pieces)
    assert len(got) == 1
    assert got[0].closes
    return got[0]


@pytest.mark.parametrize("offer", [OFFER, b"Connection: upgrade\r\nUpgrade: websocket\r\n"])
@pytest.mark.parametrize("length", [b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n"])
@pytest.mark.parametrize("apart", [False, True])
def test_an_unsupported_upgrade_does_not_change_the_framing_of_the_body(
    service: ServiceProcess, offer: bytes, length: bytes, *, apart: bool
) -> None:
    """RFC 9110, 7.8; regression: a body in a second packet was parsed as the next request."""
    head = b"POST /size HTTP/1.1\r\n" + HOST + BODY + offer + length + b"\r\n"
    body = b"abc" if b"Length" in length else b"3\r\nabc\r\n0\r\n\r\n"
    pieces = (head, body) if apart else (head + body,)

    got = responses(service, *pieces, GET)

    assert [(one.status, one.body) for one in got[:2]] == [(200, b"3"), (200, b'"hello"')]
    assert got[2].status == 404


def test_an_offered_upgrade_without_a_body_is_a_plain_request(service: ServiceProcess) -> None:
    offer = b"GET /message HTTP/1.1\r\n" + HOST + OFFER + b"\r\n"

    assert statuses(service, offer + offer, GET) == [200, 200, 200, 404]


def test_a_body_that_looks_like_a_request_is_not_parsed_as_one(service: ServiceProcess) -> None:
    head = b"POST /size HTTP/1.1\r\n" + HOST + BODY + OFFER
    head += b"Content-Length: %d\r\n\r\n" % len(GET)

    got = responses(service, head, GET)

    assert [one.status for one in got] == [200, 404]
    assert got[0].body == b"%d" % len(GET)


def test_connect_is_refused_and_the_connection_closed(service: ServiceProcess) -> None:
    connect = b"CONNECT sample:80 HTTP/1.1\r\nHost: sample:80\r\n\r\n"

    assert only(service, connect + GET).status == 405
    assert only(service, connect, GET).status == 405


@pytest.mark.parametrize(
    ("hosts", "status"),
    [
        (b"Host: sample\r\n", 200),
        (b"Host: sample:8080\r\n", 200),
        (b"Host: [::1]:8080\r\n", 200),
        (b"Host: a_b.svc%2d.\r\n", 200),
        (b"Host:\r\n", 200),
        (b"host: sample \t\r\n", 200),
        (b"", 400),
        (b"Host: sample\r\nHost: sample\r\n", 400),
        (b"Host: sample\r\nhost: other\r\n", 400),
        (b"Host: a b\r\n", 400),
        (b"Host: user@sample\r\n", 400),
        (b"Host: sample/x\r\n", 400),
        (b"Host: sample:8o\r\n", 400),
        (b"Host: a:1:2\r\n", 400),
        (b"Host: [::1\r\n", 400),
        (b"Host: http://sample\r\n", 400),
        (b"Host: %zz\r\n", 400),
        (b"Host: s\xc3\xa4mple\r\n", 400),
    ],
)
def test_exactly_one_valid_host_header_is_required(
    service: ServiceProcess, hosts: bytes, status: int
) -> None:
    got = responses(service, b"GET /message HTTP/1.1\r\n" + hosts + b"\r\n")

    assert got[0].status == status
    assert got[0].closes is (status == 400)
    assert len(got) == (2 if status == 200 else 1)


def test_http_1_0_needs_no_host_but_refuses_two(service: ServiceProcess) -> None:
    assert only(service, b"GET /message HTTP/1.0\r\n\r\n").status == 200
    assert only(service, b"GET /message HTTP/1.0\r\n" + HOST + HOST + b"\r\n").status == 400


@pytest.mark.parametrize("version", [b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.2"])
def test_other_versions_are_refused(service: ServiceProcess, version: bytes) -> None:
    assert only(service, b"GET /message " + version + b"\r\n" + HOST + b"\r\n").status == 400


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (b"Transfer-Encoding: gzip\r\n", 400),
        (b"Transfer-Encoding: xchunked\r\n", 400),
        (b"Transfer-Encoding: chunked, gzip\r\n", 400),
        (b"Transfer-Encoding: chunked, chunked\r\n", 400),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
        (b"Transfer-Encoding:\r\n", 400),
        (b"Transfer-Encoding: identity\r\n", 400),
        (b"Transfer-Encoding: \x0bchunked\r\n", 400),
        (b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", 400),
        (b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", 400),
        (b"Content-Length: 3\r\nContent-Length: 3\r\n", 400),
        (b"Content-Length: 3, 3\r\n", 400),
        (b"Content-Length: +3\r\n", 400),
        (b"Content-Length: -3\r\n", 400),
        (b"Content-Length: 0x3\r\n", 400),
        (b"Content-Length:\r\n", 400),
        (b"Content-Length : 3\r\n", 400),
        (b"Content-Length: 3\r\n 0\r\n", 400),
        (b"Content-Length: 99999999999999999999999\r\n", 400),
        (b"Transfer-Encoding: gzip, chunked\r\n", 501),
        (b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 501),
        (b"Transfer-Encoding: identity, chunked\r\n", 501),
    ],
)
def test_an_ambiguous_length_closes_the_connection(
    service: ServiceProcess, lines: bytes, status: int
) -> None:
    head = b"POST /size HTTP/1.1\r\n" + HOST + BODY + lines + b"\r\n"

    got = only(service, head + b"3\r\nabc\r\n0\r\n\r\n" + GET)

    assert got.status == status
    assert json.loads(got.body)["error"] == (
        "not_implemented" if status == 501 else "invalid_request"
    )


def test_http_1_0_has_no_transfer_encoding(service: ServiceProcess) -> None:
    head = b"POST /size HTTP/1.0\r\n" + HOST + BODY + b"Transfer-Encoding: chunked\r\n\r\n"

    assert only(service, head + b"3\r\nabc\r\n0\r\n\r\n").status == 400


@pytest.mark.parametrize(
    "line",
    [
        b"Content-Length: \t 3 \t\r\n",
        b"Content-Length:3\r\n",
        b"Content-Length: 003\r\n",
        b"Content-Length: " + b"0" * 5000 + b"3\r\n",
        b"Transfer-Encoding: Chunked\r\n",
    ],
)
def test_an_unusual_but_valid_length_is_accepted(service: ServiceProcess, line: bytes) -> None:
    body = b"abc" if line.startswith(b"Content") else b"3;x=y\r\nabc\r\n0\r\n\r\n"
    head = b"POST /size HTTP/1.1\r\n" + HOST + BODY + line + b"\r\n"

    got = responses(service, head + body + GET)

    assert [(one.status, one.body) for one in got[:2]] == [(200, b"3"), (200, b'"hello"')]


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (b"http://sample/message", 200),
        (b"HTTP://sample:80/message?x", 200),
        (b"http://sample", 404),
        (b"http://sample?x", 404),
        (b"http://", 400),
        (b"http://u@sample/message", 400),
        (b"ftp://sample/message", 400),
        (b"*", 400),
    ],
)
def test_absolute_form_is_served(service: ServiceProcess, target: bytes, status: int) -> None:
    """RFC 9112, 3.2.2: an origin server accepts it, and an empty path means `/`."""
    got = responses(service, b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n")

    assert got[0].status == status
    assert got[0].closes is (status == 400)


def test_a_request_may_end_anywhere_in_a_packet(service: ServiceProcess) -> None:
    chunked = b"POST /size HTTP/1.1\r\n" + HOST + BODY + b"Transfer-Encoding: chunked\r\n\r\n"
    declared = b"POST /size HTTP/1.1\r\n" + HOST + BODY + b"Content-Length: 8\r\n\r\n"
    every = chunked + b"4\r\n\r\n\r\n\r\n0\r\n\r\n" + declared + b"\r\n\r\n\r\n\r\n" + GET
    for cut in range(1, len(every)):
        got = responses(service, every[:cut], every[cut:])
        assert [one.body for one in got[:3]] == [b"4", b"8", b'"hello"'], cut


@pytest.mark.bound("drain-of-a-refusal")
def test_a_client_that_still_sends_can_read_an_early_refusal(service: ServiceProcess) -> None:
    """Closing with unread bytes would reset the connection and lose the response."""
    head = b"POST /size HTTP/1.1\r\n" + HOST + BODY + b"Content-Length: 30000\r\n\r\n"
    with service.socket() as peer:
        peer.sendall(head)
        first = peer.recv(1)  # the response has arrived, and the client continues to send
        for _ in range(100):
            peer.sendall(b"b" * 300)
        with peer.makefile("rb") as reader:
            response = first + reader.read()

    assert response.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in response
    assert response.endswith(b"}")


def test_a_head_that_starts_in_the_packet_of_a_body_is_bounded(service: ServiceProcess) -> None:
    first = b"POST /size HTTP/1.1\r\n" + HOST + BODY + b"Content-Length: 3\r\n\r\nabc"
    long = b"GET /message?" + b"a" * 40_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n"

    with service.socket() as peer, peer.makefile("rb") as reader:
        peer.sendall(first + long[:12_000])
        assert reader.readline().startswith(b"HTTP/1.1 200 ")
        peer.sendall(long[12_000:])

        assert b"HTTP/1.1 431 " in reader.read()


def test_bytes_after_the_last_request_do_not_lose_its_response(service: ServiceProcess) -> None:
    """A closed socket would send a reset, which discards the response at the client."""
    with service.socket() as peer, peer.makefile("rb") as reader:
        peer.sendall(b"GET /message HTTP/1.0\r\n\r\n")
        assert reader.readline().startswith(b"HTTP/1.1 200 ")
        for _ in range(10):
            peer.sendall(GET)  # the server discards each of them

        assert reader.read().endswith(b'"hello"')
