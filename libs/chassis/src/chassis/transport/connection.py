"""One HTTP/1.1 connection that carries one exchange at a time."""

import asyncio

import httptools

from chassis.transport.errors import BrokenConnectionError, ResponseTooLargeError, TransportError
from chassis.transport.message import RawResponse

_BODYLESS = frozenset({204, 304})
_FIRST_FINAL_STATUS = 200
_MAX_HEADER_BYTES = 64 * 1024


class Connection(asyncio.Protocol):
    """Send a request and wait for its response.

    Bytes outside a response close the connection: they are an error or an attack (response
    splitting), and the next caller must not read them.
    """

    def __init__(self, *, expires_at: float, max_response: int) -> None:
        self.expires_at = expires_at
        self.idle_since = 0.0
        self._max_response = max_response
        self._transport: asyncio.Transport | None = None
        self._response: asyncio.Future[RawResponse] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._begin(is_head=False)

    def _begin(self, *, is_head: bool) -> None:
        """Forget the last response; its parser is at the start of the next one.

        A connection whose parser is not, closes with the exchange.
        """
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._size = self._body_size = 0
        self._is_head = is_head
        self._in_head = True
        self._ends_at_close = False

    @property
    def usable(self) -> bool:
        """Return whether another exchange may start."""
        return self._transport is not None and self._response is None

    async def exchange(self, data: bytes, *, is_head: bool = False) -> RawResponse:
        """Send `data`, one encoded request, and return the response.

        Raises `TransportError`; an error or cancellation closes the connection.
        """
        if self._transport is None:
            raise BrokenConnectionError("the connection is closed")
        self._begin(is_head=is_head)
        self._response = asyncio.get_running_loop().create_future()
        try:
            self._transport.write(data)
            return await self._response
        except BaseException:
            self.close()
            raise
        finally:
            self._response = None

    def close(self) -> None:
        """Close at once; an exchange in progress fails."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
        self._fail(BrokenConnectionError("closed by this side"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport (asyncio)."""
        self._transport = transport  # type: ignore[assignment]  # a stream transport by construction

    def data_received(self, data: bytes) -> None:
        """Feed the parser (asyncio)."""
        if self._response is None or self._response.done():
            self.close()
            return
        self._size += len(data)
        if self._size > self._max_response + _MAX_HEADER_BYTES:
            self._abandon(self._too_large())
            return
        try:
            # Without the last byte first: a response that is complete before it has excess bytes.
            self._parser.feed_data(data[:-1])
            if self._response.done():
                self.close()
                return
            self._parser.feed_data(data[-1:])
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._abandon(BrokenConnectionError(f"the response is not HTTP: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        """End the exchange: with its response if the close delimits it, else with an error."""
        self._transport = None
        if self._ends_at_close and exc is None:
            self._succeed()
        self._fail(BrokenConnectionError(f"the peer closed the connection ({exc or 'EOF'})"))

    def on_message_begin(self) -> None:
        """Start the head of an interim or a final response (httptools)."""
        self._headers, self._in_head = [], True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Store a header; drop a trailer, which must not be merged (RFC 9110, 6.5.1)."""
        if self._in_head:
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Determine where the body ends, RFC 9112 section 6.3 (httptools)."""
        self._in_head = False
        status = self._parser.get_status_code()
        if status < _FIRST_FINAL_STATUS or status in _BODYLESS:
            return
        framed = any(name in {b"content-length", b"transfer-encoding"} for name, _ in self._headers)
        self._ends_at_close = not framed
        if self._is_head:
            self._succeed()
            self.close()

    def on_body(self, body: bytes) -> None:
        """Store a part of the body (httptools)."""
        self._body_size += len(body)
        if self._body_size > self._max_response:
            self._abandon(self._too_large())
            return
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Return the response unless it is an interim one (httptools)."""
        if self._parser.get_status_code() < _FIRST_FINAL_STATUS:
            return
        keep_alive = self._parser.should_keep_alive()
        self._succeed()
        if not keep_alive:
            self.close()

    def _succeed(self) -> None:
        if self._response is not None and not self._response.done():
            status = self._parser.get_status_code()
            self._response.set_result(RawResponse(status, self._headers, b"".join(self._body)))

    def _too_large(self) -> ResponseTooLargeError:
        return ResponseTooLargeError(f"the response exceeds {self._max_response} bytes")

    def _abandon(self, error: TransportError) -> None:
        self._fail(error)
        self.close()

    def _fail(self, error: TransportError) -> None:
        if self._response is not None and not self._response.done():
            self._response.set_exception(error)
