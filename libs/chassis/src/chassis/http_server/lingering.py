"""A lingering close, for a peer that may still be sending.

Closing a socket with unread bytes resets the connection, so that the peer may lose the response
(RFC 9112, 9.6). So the write side closes first, and incoming bytes are discarded, up to a limit of
bytes and time.
"""

import asyncio


class LingeringClose(asyncio.Protocol):
    """Replace the protocol `owner` of a transport until the peer closes or a limit is reached."""

    def __init__(
        self, transport: asyncio.Transport, owner: asyncio.Protocol, *, most: int, seconds: float
    ) -> None:
        self._transport, self._owner, self._most = transport, owner, most
        transport.set_protocol(self)
        self._timer = asyncio.get_running_loop().call_later(seconds, transport.abort)
        try:
            transport.write_eof()
        except OSError:
            # The peer reset the connection while reading was paused.
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Discard incoming bytes."""
        self._most -= len(data)
        if self._most < 0:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Notify the owner."""
        self._timer.cancel()
        self._owner.connection_lost(exc)
