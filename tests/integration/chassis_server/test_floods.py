"""Floods from one client do not increase the memory of a service."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.chassis_server.service_process import ServiceProcess, sample_service
from load.flood import Flood

MIB = 1024 * 1024
PEAK = 40 * MIB
SECONDS = 3.0
OPEN, PROTECTED, UNKNOWN = b"/message", b"/size", b"/nothing"


@pytest.fixture
def service() -> Iterator[ServiceProcess]:
    flags = ("--security.path.ignores=/message,/nothing,/slow/*", "--server.request-timeout=2s")
    with sample_service(*flags) as running:
        for _ in range(200):
            running.get("/message")  # warm up before measuring
        yield running


def rss(service: ServiceProcess) -> int:
    pages = int(Path(f"/proc/{service.process.pid}/statm").read_text("ascii").split()[1])
    return pages * 4096


def get(path: bytes) -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\nHost: sample\r\n\r\n"


def peak_of(service: ServiceProcess, flood: Flood) -> int:
    """Run a flood, and return the peak RSS."""
    running = threading.Thread(target=flood.run, args=(service.api, SECONDS))
    running.start()
    peak = 0
    while running.is_alive():
        peak = max(peak, rss(service))
        running.join(0.01)
    return peak


@pytest.mark.bound("pipelined-requests")
@pytest.mark.parametrize("path", [OPEN, PROTECTED, UNKNOWN])
@pytest.mark.parametrize(("read", "pause"), [(65536, 0.0), (0, 0.0), (100, 0.01)])
def test_a_flood_of_pipelined_requests_does_not_increase_memory(
    service: ServiceProcess, path: bytes, read: int, pause: float
) -> None:
    rest = rss(service)

    peak = peak_of(service, Flood(get(path) * 4000, read=read, pause=pause))

    assert peak - rest <= PEAK


@pytest.mark.bound("body-budget")
@pytest.mark.parametrize("path", [OPEN, PROTECTED, UNKNOWN])
def test_chunked_bodies_on_many_sockets_do_not_increase_memory(
    service: ServiceProcess, path: bytes
) -> None:
    rest = rss(service)
    head = b"POST " + path + b" HTTP/1.1\r\nHost: sample\r\nTransfer-Encoding: chunked\r\n\r\n"

    chunk = b"8000\r\n" + b"b" * 0x8000 + b"\r\n"

    peak = peak_of(service, Flood(chunk, first=head, sockets=150))

    assert peak - rest <= PEAK
