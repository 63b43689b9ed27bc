"""docs/design/reliability.md, "HTTP", and docs/design/runtime.md, "Balancing":
bounds that uvicorn lacks.
"""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from eventually import poll
from integration.chassis_server.sample_service import LARGE
from integration.chassis_server.service_process import ServiceProcess, sample_service

DEADLINE = 0.6
CLOCK_TICK_S = 0.01
HEAD = b"POST /size HTTP/1.1\r\nHost: sample\r\n"


@pytest.fixture(scope="module")
def service() -> Iterator[ServiceProcess]:
    """Run a service with long timeouts, for requests from a busy machine."""
    with sample_service("--server.request-timeout=1h", "--server.max-body-size=1000") as running:
        yield running


@pytest.fixture(scope="module")
def hasty() -> Iterator[ServiceProcess]:
    with sample_service(f"--server.request-timeout={DEADLINE}") as running:
        yield running


def idle_connect(_: socket.socket) -> None:
    """Send nothing at all."""


def dripping_headers(peer: socket.socket) -> None:
    drip(peer, HEAD + b"X-Long: " + b"a" * 1000)


def stalled_headers(peer: socket.socket) -> None:
    peer.sendall(HEAD)


def dripping_body(peer: socket.socket) -> None:
    peer.sendall(HEAD + b"Content-Length: 900\r\n\r\n")
    drip(peer, b"b" * 900)


def drip(peer: socket.socket, data: bytes) -> None:
    for byte in data:
        try:
            peer.send(bytes([byte]))
        except OSError:
            return
        time.sleep(0.02)


@pytest.mark.bound("request-time")
@pytest.mark.parametrize("talk", [idle_connect, dripping_headers, stalled_headers, dripping_body])
def test_a_slow_socket_is_closed_at_the_deadline(
    hasty: ServiceProcess, talk: Callable[[socket.socket], None]
) -> None:
    # clock: a lower bound, from before the connection
    began = time.monotonic()
    with hasty.socket() as peer:
        threading.Thread(target=talk, args=(peer,), daemon=True).start()
        response = everything(peer)
        took = time.monotonic() - began

    assert took >= DEADLINE - CLOCK_TICK_S
    assert response.startswith(b"HTTP/1.1 408 ")
    assert b'"error": "invalid_request"' in response


def test_regular_requests_are_served_beside_slow_sockets(service: ServiceProcess) -> None:
    slow = [service.socket() for _ in range(200)]
    for peer in slow:
        peer.sendall(HEAD)

    assert service.get("/message").status == 200
    for peer in slow:
        peer.close()


def test_a_keep_alive_connection_may_be_idle_beyond_the_deadline(hasty: ServiceProcess) -> None:
    connection = hasty.connect()
    for _ in range(2):
        connection.request("GET", "/message")
        response = connection.getresponse()
        response.read()
        time.sleep(DEADLINE * 1.5)  # being idle is what is tested

    assert response.status == 200
    assert response.getheader("connection") is None


def test_a_response_may_take_longer_than_the_deadline_to_receive(hasty: ServiceProcess) -> None:
    assert hasty.get(f"/slow/{DEADLINE * 2}").status == 200


@pytest.mark.bound("request-body")
@pytest.mark.parametrize(
    "request_bytes",
    [
        HEAD + b"Content-Length: 1001\r\n\r\n" + b"b" * 1001,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"b" * 1001 + b"\r\n0\r\n\r\n",
    ],
    ids=["declared", "chunked"],
)
def test_a_body_over_the_limit_is_413(service: ServiceProcess, request_bytes: bytes) -> None:
    status, body = exchange(service, request_bytes)

    assert status == 413
    assert body["error"] == "payload_too_large"


def test_a_chunked_body_within_the_limit_is_read_completely(service: ServiceProcess) -> None:
    chunked = (
        b"Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"1f4\r\n" + b"b" * 500 + b"\r\n64\r\n" + b"c" * 100 + b"\r\n0\r\n\r\n"
    )

    assert exchange(service, HEAD + chunked) == (200, 600)


@pytest.mark.bound("request-head")
@pytest.mark.parametrize("pause", [0, 0.2], ids=["in one piece", "unfinished"])
def test_a_head_over_the_limit_is_431(service: ServiceProcess, pause: float) -> None:
    with service.socket() as peer:
        peer.sendall(HEAD + b"X-Long: " + b"a" * 40_000)
        # clock: refused before or after, with one status
        time.sleep(pause)
        try:
            peer.sendall(b"\r\n\r\n")
        except OSError:
            assert pause  # refused before its end
        response = everything(peer)

    assert response.startswith(b"HTTP/1.1 431 ")
    assert b'"error"' in response


@pytest.mark.bound("request-headers")
@pytest.mark.parametrize(("headers", "status"), [(98, 200), (101, 431)])
def test_more_headers_than_the_limit_are_431(
    service: ServiceProcess, headers: int, status: int
) -> None:
    with service.socket() as peer:
        head = b"GET /message HTTP/1.1\r\nHost: sample\r\nConnection: close\r\n"
        peer.sendall(head + b"a:\r\n" * headers + b"\r\n")
        response = everything(peer)

    assert response.startswith(b"HTTP/1.1 %d " % status)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: sample\r\n\r\n",
        HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["TLS", "bytes in the path", "two lengths", "bad chunk"],
)
def test_bytes_that_are_not_http_are_400_with_an_error_code(
    service: ServiceProcess, garbage: bytes
) -> None:
    status, body = exchange(service, garbage)

    assert status == 400
    assert body["error"] == "invalid_request"


@pytest.mark.bound("connection-age")
def test_a_response_has_connection_close_at_the_maximum_age() -> None:
    with sample_service("--server.max-connection-age=0.5") as service:
        connection = service.connect()
        # clock: a lower bound, from before the connection
        began, closes = time.monotonic(), None
        while closes is None:
            connection.request("GET", "/message")
            response = connection.getresponse()
            response.read()
            closes = response.getheader("connection")

    assert closes == "close"
    assert time.monotonic() - began >= 0.5 * 0.75  # the jitter is a quarter


def everything(peer: socket.socket) -> bytes:
    data = b""
    try:
        while chunk := peer.recv(65536):
            data += chunk
    except ConnectionResetError:
        pass  # the connection was closed with unread bytes in transit
    return data


def exchange(service: ServiceProcess, request_bytes: bytes) -> tuple[int, Any]:
    """Send raw bytes; return status and JSON body of the response."""
    with service.socket() as peer:
        peer.sendall(request_bytes)
        reader = peer.makefile("rb")
        status = int(reader.readline().split()[1])
        length = 0
        while (line := reader.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return status, json.loads(reader.read(length))


CHUNKED = b"POST /headers HTTP/1.1\r\nHost: sample\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_a_trailer_does_not_become_a_header(service: ServiceProcess) -> None:
    """RFC 9110, 6.5.1: regression: an Authorization header sent as a trailer was accepted."""
    status, names = exchange(service, CHUNKED + b"0\r\nAuthorization: Basic eDp5\r\n\r\n")

    assert status == 200
    assert "authorization" not in names


@pytest.mark.bound("request-on-the-wire")
def test_endless_trailers_are_refused(service: ServiceProcess) -> None:
    trailers = b"".join(b"X-%d: %s\r\n" % (number, b"t" * 1000) for number in range(200))

    status, body = exchange(service, CHUNKED + b"0\r\n" + trailers)

    assert status == 413
    assert body["error"] == "payload_too_large"


def test_garbage_after_a_request_does_not_lose_its_response(service: ServiceProcess) -> None:
    request = b"GET /slow/0.1 HTTP/1.1\r\nHost: sample\r\n\r\n"
    with service.socket() as peer:
        peer.sendall(request + b"\x00 no request\r\n\r\n")
        response = everything(peer)

    assert response.startswith(b"HTTP/1.1 200 ")
    assert b'"done"' in response
    assert response.count(b"HTTP/1.1 ") == response.count(b"HTTP/1.1 400 ") + 1 == 2


@pytest.mark.bound("unread-response")
def test_a_client_that_does_not_read_its_response_is_disconnected(hasty: ServiceProcess) -> None:
    with hasty.socket() as peer:
        peer.sendall(b"GET /large HTTP/1.1\r\nHost: sample\r\n\r\n")
        assert peer.recv(1) == b"H"
        poll(lambda: not _is_held(peer))
        try:
            received = len(everything(peer))
        except ConnectionResetError:
            received = 0

    assert received < LARGE


def _is_held(peer: socket.socket) -> bool:
    """Return whether a process still holds the other end. A closed socket has no inode."""
    port = f":{peer.getsockname()[1]:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
    return any(row[2].endswith(port) and row[9] != "0" for row in rows)


@pytest.mark.bound("concurrent-requests")
def test_a_request_that_waits_for_its_body_counts_as_active() -> None:
    with sample_service("--server.limit-concurrency=1") as service, service.socket() as peer:
        peer.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: 1\r\n\r\n")
        assert peer.recv(100).startswith(b"HTTP/1.1 100 ")  # the service is waiting for it

        refused = service.get("/message")
        peer.sendall(b"b")
        response = peer.recv(1000)

    assert (refused.status, refused.getheader("retry-after")) == (503, "1")
    assert response.startswith(b"HTTP/1.1 200 ")
    assert refused.getheader("connection") is None


@pytest.mark.bound("idle-connection")
@pytest.mark.parametrize(("seconds", "least"), [("1s", 0.9), ("0s", 0.0)])
def test_a_connection_without_a_request_is_closed_after_a_timeout(
    seconds: str, least: float
) -> None:
    with sample_service(f"--server.keep-alive={seconds}") as service, service.socket() as peer:
        for path in (b"/slow/0.2", b"/message"):
            if least or path == b"/slow/0.2":
                began = time.monotonic()  # clock: a lower bound, from before the request
                peer.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: sample\r\n\r\n")
                assert peer.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert everything(peer) == b""

    assert time.monotonic() - began >= least


@pytest.mark.bound("body-budget")
def test_a_body_over_the_budget_of_the_process_is_503_and_others_continue() -> None:
    budget = ("--server.max-body-size=1000", "--server.body-budget=1000")
    with sample_service(*budget) as service, service.socket() as first, service.socket() as second:
        begun = HEAD + b"Expect: 100-continue\r\nContent-Length: 900\r\n\r\n"
        first.sendall(begun)
        assert first.recv(100).startswith(b"HTTP/1.1 100 ")
        first.sendall(b"b" * 600)
        while b"503" not in (refused := _refused(service, begun)):
            pass  # the 600 bytes may be in transit

        first.sendall(b"b" * 300)
        response = first.recv(1000)
        second.sendall(HEAD + b"Content-Length: 900\r\n\r\n" + b"b" * 900)
        afterwards = second.recv(1000)

    assert b"Retry-After: 1" in refused
    assert b"Connection: close" in refused
    assert response.startswith(b"HTTP/1.1 200 ")
    assert afterwards.startswith(b"HTTP/1.1 200 ")


def _refused(service: ServiceProcess, begun: bytes) -> bytes:
    with service.socket() as peer:
        peer.sendall(begun + b"b" * 600)
        peer.shutdown(socket.SHUT_WR)
        return everything(peer)


def test_a_request_without_a_token_is_refused_before_its_body_is_read() -> None:
    """Regression: 150 sockets with chunked bodies used 188 MiB until the deadline."""
    with (
        sample_service("--security.path.ignores=/none", "--server.request-timeout=1h") as service,
        service.socket() as peer,
    ):
        peer.sendall(CHUNKED + b"3\r\nabc\r\n")
        response = peer.recv(1000)

    assert response.startswith(b"HTTP/1.1 401 ")
    assert b"connection: close" in response
