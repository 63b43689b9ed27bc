"""One anonymous connection costs no more than one connection."""

import contextlib
import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from integration.chassis_server.service_process import ServiceProcess, sample_service

MIB = 1024 * 1024
PEAK = 40 * MIB
SECONDS = 3.0
OPEN, PROTECTED, UNKNOWN = b"/message", b"/size", b"/nothing"


@pytest.fixture
def service() -> Iterator[ServiceProcess]:
    flags = ("--security.path.ignores=/message,/nothing,/slow/*", "--server.request-timeout=2s")
    with sample_service(*flags) as running:
        for _ in range(200):
            running.get("/message")  # at rest is after the first requests
        yield running


def rss(service: ServiceProcess) -> int:
    pages = int(Path(f"/proc/{service.process.pid}/statm").read_text("ascii").split()[1])
    return pages * 4096


def get(path: bytes) -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\nHost: sample\r\n\r\n"


@dataclass(frozen=True)
class Flood:
    """What each of its sockets sends first and then without end; how it reads, if it does."""

    data: bytes
    first: bytes = b""
    sockets: int = 4
    read: int = 65536
    pause: float = 0.0

    def peak(self, service: ServiceProcess) -> int:
        """Flood for some seconds; return the highest RSS seen."""
        peak, until = 0, time.monotonic() + SECONDS
        with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
            for _ in range(self.sockets):
                self._join(service, stack, selector)
            while time.monotonic() < until:
                for key, events in selector.select(0.1):
                    peer: socket.socket = key.fileobj  # type: ignore[assignment]  # as registered
                    if not self._turn(peer, events):
                        selector.unregister(peer)
                        peer.close()
                        self._join(service, stack, selector)
                peak = max(peak, rss(service))
                time.sleep(self.pause)
        return peak

    def _join(
        self,
        service: ServiceProcess,
        stack: contextlib.ExitStack,
        selector: selectors.DefaultSelector,
    ) -> None:
        peer = stack.enter_context(service.socket())
        peer.sendall(self.first)
        peer.setblocking(False)  # noqa: FBT003 - its one form
        selector.register(peer, selectors.EVENT_READ | selectors.EVENT_WRITE)

    def _turn(self, peer: socket.socket, events: int) -> bool:
        """Send and read what goes at once; False where the connection has ended."""
        try:
            if events & selectors.EVENT_WRITE:
                peer.send(self.data)
            if self.read and events & selectors.EVENT_READ and not peer.recv(self.read):
                return False
        except BlockingIOError:
            pass
        except OSError:
            return False
        return True


@pytest.mark.bound("pipelined-requests")
@pytest.mark.parametrize("path", [OPEN, PROTECTED, UNKNOWN])
@pytest.mark.parametrize(("read", "pause"), [(65536, 0.0), (0, 0.0), (100, 0.01)])
def test_a_flood_of_pipelined_requests_takes_no_memory(
    service: ServiceProcess, path: bytes, read: int, pause: float
) -> None:
    rest = rss(service)

    peak = Flood(get(path) * 4000, read=read, pause=pause).peak(service)

    assert peak - rest <= PEAK


@pytest.mark.bound("body-budget")
@pytest.mark.parametrize("path", [OPEN, PROTECTED, UNKNOWN])
def test_chunked_bodies_on_many_sockets_take_no_memory(
    service: ServiceProcess, path: bytes
) -> None:
    rest = rss(service)
    head = b"POST " + path + b" HTTP/1.1\r\nHost: sample\r\nTransfer-Encoding: chunked\r\n\r\n"

    chunk = b"8000\r\n" + b"b" * 0x8000 + b"\r\n"

    peak = Flood(chunk, first=head, sockets=150).peak(service)

    assert peak - rest <= PEAK
