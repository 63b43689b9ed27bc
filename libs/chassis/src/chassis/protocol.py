"""uvicorn's HTTP protocol with the bounds it lacks: time to receive, size of the head, age.

- A request that is not whole within the deadline ends with 408: idle connects, dripping headers,
  stalled headers, dripping bodies.
- A head beyond `MAX_HEAD` bytes ends with 431.
- A connection older than its maximum age, and each one while draining, answers
  `Connection: close`, so that clients spread over the replicas that are there now.
"""

import asyncio
import random
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chassis.coalescing import CoalescingTransport
from chassis.errors import (
    ApiError,
    HeadTooLarge,
    InvalidRequest,
    PayloadTooLarge,
    RequestTimeout,
)
from chassis.listener import plain_address
from chassis.telemetry.trace import Trace

MAX_HEAD = 32 * 1024
_AGE_JITTER = 0.25


@dataclass(slots=True)
class ConnectionPolicy:
    """The bounds of a server's connections, in seconds; `draining` changes as it runs."""

    receive_deadline: float
    max_age: float
    max_request: int = 8 * 1024 * 1024
    """Bytes of one request on the wire, its chunks' framing and trailers included."""
    draining: bool = False

    def age_limit(self) -> float:
        """Return one connection's maximum age: spread, so that not all close at once."""
        return self.max_age * random.uniform(1 - _AGE_JITTER, 1 + _AGE_JITTER)  # noqa: S311 - no secret


class BoundedProtocol(HttpToolsProtocol):
    """One connection under a `ConnectionPolicy`.

    Requests that arrive in one piece, which is nearly all, never start a timer.
    """

    def __init__(self, *, policy: ConnectionPolicy, **options: Any) -> None:
        super().__init__(**options)
        self._policy = policy
        self._deadline: asyncio.TimerHandle | None = None
        self._head = 0
        self._received = 0
        self._in_head = True
        self._receiving = True
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Start the clocks: a new connection owes a whole request."""
        super().connection_made(transport)
        if self.client is not None:
            self.client = (plain_address(self.client[0]), self.client[1])
        self.transport = CoalescingTransport(transport, self.loop)  # type: ignore[assignment]  # is one in all but name
        self._closes_at = self.loop.time() + self._policy.age_limit()
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks."""
        self._disarm()
        self._forgive()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Give a peer that reads too slowly one deadline to catch up."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self._policy.receive_deadline, self._give_up)

    def resume_writing(self) -> None:
        """Go on: the peer reads."""
        self._forgive()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Feed the parser; a request that is not whole afterwards has a deadline."""
        self._receiving = True
        self._received += len(data)
        if self._in_head:
            self._head += len(data)
        super().data_received(data)
        if not self._receiving:
            self._disarm()
            return
        if self._received > self._policy.max_request:
            self._refuse(PayloadTooLarge())
        if self._in_head and self._head > MAX_HEAD:
            self._refuse(HeadTooLarge())
        if self._deadline is None:
            self._arm()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a trailer is dropped, for it must not pass for one (RFC 9110, 6.5.1)."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """End the head; let an old connection, or one of a draining server, answer its last."""
        self._in_head = False
        if self._head > MAX_HEAD and self._size_of_head() > MAX_HEAD:
            # Ends the parsing; what was raised is found again in `send_400_response`.
            raise HeadTooLarge
        super().on_headers_complete()
        if self._policy.draining or self.loop.time() >= self._closes_at:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """End the request: it is whole."""
        self._receiving, self._in_head = False, True
        self._head = self._received = 0
        super().on_message_complete()

    def close_after_answer(self) -> None:
        """Make the answer under way the last one on this connection."""
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, with an `error` like every refusal."""
        too_large = not self._in_head and self._head > MAX_HEAD
        self._refuse(HeadTooLarge() if too_large else InvalidRequest(msg))

    def _size_of_head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _arm(self) -> None:
        self._deadline = self.loop.call_later(self._policy.receive_deadline, self._expired)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expired(self) -> None:
        self._deadline = None
        if self._is_our_turn():
            self._arm()
        else:
            self._refuse(RequestTimeout())

    def _is_our_turn(self) -> bool:
        """Tell whether the wait is for the application: to answer, or to take what came."""
        return self._is_answering() or self.flow.read_paused

    def _refuse(self, error: ApiError) -> None:
        """Answer past the application, where no answer has begun, and close."""
        if self.transport.is_closing():
            return
        if self._is_answering():
            # What came is no request, but the one before it was: its answer is owed.
            self.close_after_answer()
            return
        if self._may_answer():
            self.transport.write(_raw_answer(error))
        if self.cycle is not None:
            self.cycle.disconnected = True
        self.transport.close()

    def _is_answering(self) -> bool:
        cycle = self.cycle
        return cycle is not None and not cycle.response_complete and not cycle.more_body

    def _give_up(self) -> None:
        self._unread = None
        self.transport.abort()

    def _forgive(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _may_answer(self) -> bool:
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            return not self.pipeline
        return cycle.more_body and not cycle.response_started and not self.pipeline


def _raw_answer(error: ApiError) -> bytes:
    body = error.body()
    lines = [
        f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}",
        *(f"{name}: {value}" for name, value in error.headers.items()),
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"traceresponse: {Trace().traceparent()}",
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
