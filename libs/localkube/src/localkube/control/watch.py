"""A watch of the control socket, read by a program that also waits for other things."""

import json
import select
import socket
import time
from collections import deque
from collections.abc import Iterator
from typing import Any, Self

from localkube.errors import LocalkubeError

_CHUNK_BYTES = 256 * 1024
_STDOUT = 1
_BOOKMARK = "BOOKMARK"


class WatchEndedError(LocalkubeError):
    """The watch ended: localkube went down, or the reader fell too far behind."""


class Watch:
    """The changes of a watch, as `{"type": …, "object": …}`."""

    def __init__(self, sock: socket.socket, log: str) -> None:
        self._socket, self._log = sock, log
        self._lines: deque[bytes] = deque()
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def fileno(self) -> int:
        """Return the descriptor that becomes readable with a change."""
        return self._socket.fileno()

    def __iter__(self) -> Iterator[Any]:
        """Yield changes until the watch ends, which raises `LocalkubeError`."""
        return self.until(None)

    def existing(self) -> list[Any]:
        """Return the objects that exist at the start; to be called first."""
        found: list[Any] = []
        while True:
            while self._lines:
                change = _item(self._lines.popleft())
                if change["type"] == _BOOKMARK:
                    return found
                found.append(change["object"])
            self._receive(None)

    def until(self, deadline: float | None) -> Iterator[Any]:
        """Yield changes until a time of the monotonic clock, then raise `TimeoutError`."""
        while True:
            while self._lines:
                change = _item(self._lines.popleft())
                if change["type"] != _BOOKMARK:
                    yield change
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError
            self._receive(left)

    def arrived(self, seconds: float | None = None, *also: int) -> list[Any]:
        """Wait for changes, or for data of `also`; return the changes that have arrived."""
        if not self._lines:
            self._receive(seconds, *also)
        found = [_item(line) for line in self._lines]
        self._lines.clear()
        return [change for change in found if change["type"] != _BOOKMARK]

    def _receive(self, seconds: float | None, *also: int) -> None:
        """Wait, and take what has arrived.

        Raises `BrokenPipeError` where nobody reads standard output any more: a pipe reports that
        as an error, which `poll` returns unasked.
        """
        waiting = select.poll()
        for descriptor in (self.fileno(), *also):
            waiting.register(descriptor, select.POLLIN)
        waiting.register(_STDOUT, 0)
        ready = waiting.poll(None if seconds is None else max(0, seconds * 1000))
        if _STDOUT in dict(ready):
            raise BrokenPipeError
        if self.fileno() in dict(ready):
            self._take()

    def _take(self) -> None:
        try:
            data = self._socket.recv(_CHUNK_BYTES)
        except OSError:
            data = b""
        if not data:
            raise WatchEndedError(f"localkube ended; see {self._log}")
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._lines.extend(lines)


def _item(line: bytes) -> Any:
    response = json.loads(line)
    if "error" in response:
        raise WatchEndedError(response["error"], response["exit_code"])
    return response["result"]
