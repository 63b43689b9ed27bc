"""The end of a connection whose peer may still be sending.

Closing a socket with unread bytes resets it, and the reset takes from the peer the response that
it has not read yet (RFC 9112, 9.6). So the sending half closes first, and what still comes is
thrown away, up to a bound of bytes and time.
"""

import asyncio


class LingeringClose(asyncio.Protocol):
    """Take a transport's place behind `owner` until the peer has closed, or the bound is met."""

    def __init__(
        self, transport: asyncio.Transport, owner: asyncio.Protocol, *, most: int, seconds: float
    ) -> None:
        self._transport, self._owner, self._most = transport, owner, most
        transport.set_protocol(self)
        self._timer = asyncio.get_running_loop().call_later(seconds, transport.abort)
        try:
            transport.write_eof()
        except OSError:
            # The peer has reset it, which nobody saw while reading was paused.
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Throw away what the peer sends."""
        self._most -= len(data)
        if self._most < 0:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """End, the owner with it."""
        self._timer.cancel()
        self._owner.connection_lost(exc)
