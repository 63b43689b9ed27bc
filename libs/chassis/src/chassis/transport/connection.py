"""One HTTP/1.1 connection that carries one exchange at a time."""

import asyncio

import httptools

from chassis.transport.errors import BrokenConnectionError, ResponseTooLargeError, TransportError
from chassis.transport.message import RawResponse

_BODYLESS = frozenset({204, 304})
_FIRST_FINAL_STATUS = 200
_MAX_HEADER_BYTES = 64 * 1024


class Connection(asyncio.Protocol):
    """Send a request, wait for its answer.

    Bytes that nobody asked for close it: what stands between two answers is an error or an
    attack (response splitting), and the next caller must not read it.
    """

    def __init__(self, *, expires_at: float, max_response: int) -> None:
        self.expires_at = expires_at
        self.idle_since = 0.0
        self._max_response = max_response
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[RawResponse] | None = None
        self._begin(is_head=False)

    def _begin(self, *, is_head: bool) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._size = self._body_size = 0
        self._is_head = is_head
        self._in_head = True
        self._ends_at_close = False

    @property
    def usable(self) -> bool:
        """Tell whether another exchange may start."""
        return self._transport is not None and self._answer is None

    async def exchange(self, data: bytes, *, is_head: bool = False) -> RawResponse:
        """Send `data`, one encoded request, and return the answer.

        Raises `TransportError`; afterwards, and when cancelled, the connection is closed.
        """
        if self._transport is None:
            raise BrokenConnectionError("the connection is closed")
        self._begin(is_head=is_head)
        self._answer = asyncio.get_running_loop().create_future()
        try:
            self._transport.write(data)
            return await self._answer
        except BaseException:
            self.close()
            raise
        finally:
            self._answer = None

    def close(self) -> None:
        """Close at once; an exchange under way fails."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None
        self._fail(BrokenConnectionError("closed by this side"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport (asyncio)."""
        self._transport = transport  # type: ignore[assignment]  # a stream transport by construction

    def data_received(self, data: bytes) -> None:
        """Feed the parser (asyncio)."""
        if self._answer is None or self._answer.done():
            self.close()
            return
        self._size += len(data)
        if self._size > self._max_response + _MAX_HEADER_BYTES:
            self._abandon(self._too_large())
            return
        try:
            # The last byte apart: a response that is whole before it has bytes behind it.
            self._parser.feed_data(data[:-1])
            if self._answer.done():
                self.close()
                return
            self._parser.feed_data(data[-1:])
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._abandon(BrokenConnectionError(f"the answer is not HTTP: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        """End the exchange under way: with its answer if it ends so, else with an error."""
        self._transport = None
        if self._ends_at_close and exc is None:
            self._succeed()
        self._fail(BrokenConnectionError(f"the peer closed the connection ({exc or 'EOF'})"))

    def on_message_begin(self) -> None:
        """Begin a head: of an interim response, or of the final one (httptools)."""
        self._headers, self._in_head = [], True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; a trailer is dropped, for it must not pass for one (RFC 9110, 6.5.1)."""
        if self._in_head:
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Decide where the body ends, RFC 9112 section 6.3 (httptools)."""
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
        """Keep a part of the body (httptools)."""
        self._body_size += len(body)
        if self._body_size > self._max_response:
            self._abandon(self._too_large())
            return
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Hand the answer over, unless it is only an interim one (httptools)."""
        if self._parser.get_status_code() < _FIRST_FINAL_STATUS:
            return
        keep = self._parser.should_keep_alive()
        self._succeed()
        if not keep:
            self.close()

    def _succeed(self) -> None:
        if self._answer is not None and not self._answer.done():
            status = self._parser.get_status_code()
            self._answer.set_result(RawResponse(status, self._headers, b"".join(self._body)))

    def _too_large(self) -> ResponseTooLargeError:
        return ResponseTooLargeError(f"the answer exceeds {self._max_response} bytes")

    def _abandon(self, error: TransportError) -> None:
        self._fail(error)
        self.close()

    def _fail(self, error: TransportError) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
