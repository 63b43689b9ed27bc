"""One flood: sockets that send endlessly, and read at a given rate."""

import contextlib
import selectors
import socket
import time
from dataclasses import dataclass

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Flood:
    """What each socket sends first, then endlessly, and how it reads; 0 reads nothing."""

    data: bytes
    first: bytes = b""
    sockets: int = 4
    read: int = 65536
    pause: float = 0.0

    def run(self, address: Address, seconds: float) -> None:
        """Flood for this many seconds, and replace each closed connection."""
        until = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector, contextlib.ExitStack() as stack:
            stack.callback(_close_all, selector)
            for _ in range(self.sockets):
                self._join(address, selector)
            while time.monotonic() < until:
                for key, events in selector.select(0.1):
                    peer: socket.socket = key.fileobj  # type: ignore[assignment]  # as registered
                    if not self._turn(peer, events):
                        selector.unregister(peer)
                        peer.close()
                        self._join(address, selector)
                time.sleep(self.pause)

    def _join(self, address: Address, selector: selectors.BaseSelector) -> None:
        peer = socket.create_connection(address, timeout=10)
        peer.sendall(self.first)
        peer.setblocking(False)  # noqa: FBT003 - its only form
        selector.register(peer, selectors.EVENT_READ | selectors.EVENT_WRITE)

    def _turn(self, peer: socket.socket, events: int) -> bool:
        """Send and read without blocking. Returns False if the connection is closed."""
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


def _close_all(selector: selectors.BaseSelector) -> None:
    for key in list(selector.get_map().values()):
        key.fileobj.close()  # type: ignore[union-attr]  # sockets, as registered
