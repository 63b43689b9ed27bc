"""uvicorn's HTTP protocol with the bounds it lacks: time to receive, size of the head, age.

- A request that is not whole within the deadline ends with 408, be it idle, dripping or stalled.
- A head beyond `_MAX_HEAD` bytes ends with 431.
- A connection older than its maximum age, and each one while draining, answers
  `Connection: close`, so that clients spread over the replicas that are there now.
"""

import asyncio
import random
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chassis.errors import error_body

_MAX_HEAD = 32 * 1024
_CLOSE = (b"connection", b"close")
_REASONS = {
    400: "Bad Request",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
}


@dataclass(slots=True)
class ConnectionPolicy:
    """The bounds of all connections of a server, in seconds; `draining` changes as it runs."""

    receive_deadline: float
    max_age: float
    jitter: float = 0.25
    draining: bool = False

    def age_limit(self) -> float:
        """Return a connection's own maximum age: spread, so that not all close at once."""
        return self.max_age * random.uniform(1 - self.jitter, 1 + self.jitter)  # noqa: S311 - no secret


class BoundedProtocol(HttpToolsProtocol):
    """One connection under a `ConnectionPolicy`."""

    def __init__(self, *, policy: ConnectionPolicy, **options: Any) -> None:
        super().__init__(**options)
        self._policy = policy
        self._deadline: asyncio.TimerHandle | None = None
        self._receiving = True
        self._head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Start the clocks: a new connection owes a whole request."""
        super().connection_made(transport)
        self._closes_at = self.loop.time() + self._policy.age_limit()
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser; what is not whole afterwards has a deadline."""
        self._head += len(data)
        super().data_received(data)
        if self._receiving:
            self._check_head()
        elif self._deadline is not None:
            self._disarm()

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._receiving, self._in_head = True, True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """End the head, and say goodbye where the connection is old or the server drains."""
        self._in_head = False
        if self._policy.draining or self.loop.time() >= self._closes_at:
            # uvicorn answers a request that asks for it with `Connection: close`.
            self.headers.append(_CLOSE)
        super().on_headers_complete()
        if self._policy.draining or self.headers[-1:] == [_CLOSE]:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """End the request: it is whole."""
        self._receiving, self._head = False, 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, with an `error` like every refusal."""
        self._refuse(400, "invalid_request", msg)

    _in_head = True

    def _check_head(self) -> None:
        if self._in_head and self._head > _MAX_HEAD:
            self._refuse(431, "invalid_request", f"The head is larger than {_MAX_HEAD} bytes")
        elif self._deadline is None:
            self._arm()

    def _arm(self) -> None:
        self._deadline = self.loop.call_later(self._policy.receive_deadline, self._expired)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expired(self) -> None:
        self._deadline = None
        answering = self.cycle is not None and self.cycle.response_started
        if self._receiving and not answering:
            limit = self._policy.receive_deadline
            self._refuse(408, "invalid_request", f"No whole request came within {limit:g} s")
        elif self._receiving:
            self.transport.close()

    def _refuse(self, status: int, error: str, description: str) -> None:
        """Write an answer past the application, and close."""
        if self.transport.is_closing():
            return
        body = error_body(error, description)
        head = (
            f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
