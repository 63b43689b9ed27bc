"""A response of the protocol layer has a trace id as well."""

import socket
from collections.abc import Iterator

import pytest

from eventually import PATIENCE_S
from integration.chassis_server.service_process import ServiceProcess, sample_service

HEAD = b"POST /size HTTP/1.1\r\nHost: sample\r\n"


@pytest.fixture(scope="module")
def service() -> Iterator[ServiceProcess]:
    with sample_service("--server.request-timeout=1", "--server.max-body-size=100") as running:
        yield running


@pytest.mark.parametrize("port", ["api", "management"])
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"no HTTP at all\r\n\r\n", 400),
        (HEAD + b"Content-Length: many\r\n\r\n", 400),
        (HEAD, 408),
        (HEAD + b"X-Long: " + b"x" * 40_000 + b"\r\n\r\n", 431),
    ],
)
def test_a_refusal_by_the_protocol_layer_has_a_trace(
    service: ServiceProcess, port: str, sent: bytes, status: int
) -> None:
    with socket.create_connection(getattr(service, port), timeout=PATIENCE_S) as peer:
        peer.sendall(sent)
        response = peer.makefile("rb").read()

    assert response.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\ntraceresponse: 00-" in response
