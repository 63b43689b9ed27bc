"""uvicorn's HTTP protocol with the bounds it lacks: time to receive, size, number, age.

- A request that is not whole within the deadline ends with 408: idle connects, dripping headers,
  stalled headers, dripping bodies.
- A head beyond `MAX_HEAD` bytes ends with 431; one that is ambiguous with 400 (`framing`).
- One request is parsed at a time. What a peer sends beyond it is held as bytes, and reading
  pauses, until the response has left.
- All bodies of the process share a byte budget; what would exceed it ends with 503.
- A connection older than its maximum age, and each one while draining, answers
  `Connection: close`, so that clients spread over the replicas that are there now. So does a
  response that begins before its request is whole.
"""

import asyncio
import random
from dataclasses import dataclass
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chassis.byte_budget import ByteBudget
from chassis.coalescing import CoalescingTransport
from chassis.errors import (
    ApiError,
    HeadTooLarge,
    InvalidRequest,
    PayloadTooLarge,
    RequestTimeout,
    TemporarilyUnavailable,
    raw_response,
)
from chassis.framing import MAX_HEADERS, WATCHED, Header, absolute_form, check_head
from chassis.lingering import LingeringClose
from chassis.listener import plain_address
from chassis.reading import HeldReading
from chassis.upgrades import parser_after_upgrade

MAX_HEAD = 32 * 1024
_AGE_JITTER = 0.25
END = b"\r\n\r\n"
"""Ends each head, and each chunked body."""
_NO_HTTP = "This is no well-formed HTTP request"
_OVER_BUDGET = "Too many request bodies are under way; try again"


@dataclass(slots=True)
class ConnectionPolicy:
    """The bounds of a server's connections, in seconds; `draining` changes as it runs."""

    receive_deadline: float
    max_age: float
    budget: ByteBudget
    """Shared by all connections of the process."""
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

    flow: HeldReading

    def __init__(self, *, policy: ConnectionPolicy, **options: Any) -> None:
        super().__init__(**options)
        self._policy = policy
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None
        self._watched: list[Header] = []
        # Of the request that is arriving: bytes so far, those of its head, those declared for its
        # body, those this still lacks, those taken from the budget; and the last three, where its
        # end may begin.
        self._received = self._head = self._declared = self._body_left = self._charged = 0
        self._tail = b""
        self._in_head = self._receiving = self._keeps_alive = True
        self._offers_upgrade = False
        self._held, self._held_from = b"", 0
        self._stopped = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Start the clocks: a new connection owes a whole request."""
        super().connection_made(transport)
        if self.client is not None:
            self.client = (plain_address(self.client[0]), self.client[1])
        self._raw, self.flow = transport, HeldReading(transport)
        self.transport = CoalescingTransport(transport, self.loop, close=self._close)  # type: ignore[assignment]  # is one in all but name
        self._closes_at = self.loop.time() + self._policy.age_limit()
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks, give back what was taken."""
        self._disarm()
        self._forgive()
        self._settle()
        self._let_go()
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
        """Feed the parser up to the end of one request, and hold what comes behind it."""
        self._unset_keepalive_if_required()
        if not self._received and not self._is_answering() and data.count(END) <= 1:
            self._take(data)  # it begins a request and has no second one: nearly all there is
            return
        end = self._take_pieces(data, 0)
        if end < len(data) and self._reads():
            self._hold(data, end)

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._receiving = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a trailer is dropped, for it must not pass for one (RFC 9110, 6.5.1)."""
        if self._in_head:
            header = (name.lower(), value.rstrip(b" \t"))
            if header[0] in WATCHED:
                self._watched.append(header)
            self.headers.append(header)

    def on_headers_complete(self) -> None:
        """End the head; let an old connection, or one of a draining server, answer its last."""
        self._in_head = False
        if self._head > MAX_HEAD and self._size_of_head() > MAX_HEAD:
            raise HeadTooLarge
        parser = self.parser
        version = parser.get_http_version()
        check_head(parser.get_method(), version, len(self.headers), self._watched)
        self._declared = 0
        if len(self._watched) > 1:
            self._note(version)
        if not self.url.startswith(b"/"):
            self.url = absolute_form(self.url, self.headers)
        self._offers_upgrade = parser.should_upgrade()
        super().on_headers_complete()
        ages = self._policy.draining or self.loop.time() >= self._closes_at
        self._keeps_alive = self.cycle.keep_alive and not ages
        # A response that begins before the request is whole is the connection's last.
        self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Take a part of the body, within the budget of the process."""
        size = len(body)
        if not self._policy.budget.take(size):
            raise TemporarilyUnavailable(_OVER_BUDGET)
        self._charged += size
        self._body_left -= size
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request: it is whole."""
        if self._offers_upgrade:
            self._offers_upgrade = False  # its body comes through the next parser
            return
        self._receiving, self._in_head = False, True
        self._received = self._head = self._body_left = 0
        self._watched.clear()
        if not self.cycle.response_started:
            self.cycle.keep_alive = self._keeps_alive
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Give back what the body took, and go on with what is held."""
        super().on_response_complete()
        if self._charged:
            self._settle()
        if self._held:
            self.loop.call_soon(self._go_on)

    def close_after_answer(self) -> None:
        """Make the answer under way the last one on this connection."""
        self._keeps_alive = False
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Close, after the answer under way (uvicorn)."""
        self._keeps_alive = False
        super().shutdown()

    def _take_pieces(self, data: bytes, start: int) -> int:
        """Feed what belongs to the request that is arriving; return where that ends."""
        while start < len(data) and self._reads() and not self._is_answering():
            end = self._end_of_piece(data, start)
            self._take(data[start:end])
            start = end
        return start

    def _end_of_piece(self, data: bytes, start: int) -> int:
        """Return how far the parser may go without passing a request's end."""
        if self._body_left > 0:
            return min(len(data), start + self._body_left)
        found = (self._tail + data[start : start + len(END) - 1]).find(END)
        if found >= 0:
            return start + found + len(END) - len(self._tail)
        found = data.find(END, start)
        return len(data) if found < 0 else found + len(END)

    def _take(self, data: bytes) -> None:
        """Feed the parser; a request that is not whole afterwards has a deadline."""
        self._receiving = True
        self._received += len(data)
        if self._in_head:
            self._head += len(data)
        self._feed(data)
        if not self._receiving:
            self._tail = b""
            self._disarm()
            return
        self._tail = (self._tail + data[1 - len(END) :])[1 - len(END) :]
        if not self._received:  # one ended, and another began
            ended = data.find(END) + len(END) + self._declared
            self._received = self._head = max(1, len(data) - ended)
        if self._received > self._policy.max_request:
            self._refuse(PayloadTooLarge())
        if self._in_head and (self._head > MAX_HEAD or len(self.headers) > MAX_HEADERS):
            self._refuse(HeadTooLarge())
        if self._deadline is None:
            self._arm()

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.parser = parser_after_upgrade(self, self._watched)
            self._feed(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            # What a callback raised is the context of the error that it became.
            cause = error.__context__
            self._refuse(cause if isinstance(cause, ApiError) else InvalidRequest(_NO_HTTP))

    def _note(self, version: str) -> None:
        for name, value in self._watched:
            if name == b"content-length":
                self._body_left = self._declared = int(value.lstrip(b"0") or b"0")
            elif name == b"expect" and version == "1.1":  # RFC 9110, 10.1.1
                self.expect_100_continue = value.lower() == b"100-continue"

    def _hold(self, data: bytes, start: int) -> None:
        """Keep bytes for later, and read no more; where the budget has no room, close instead."""
        if self._policy.budget.take(len(data)):
            self._held, self._held_from = data, start
            self.flow.hold()
        else:
            self._stop()

    def _go_on(self) -> None:
        """Take the next request of what is held."""
        if self._held and self._reads():
            self._unset_keepalive_if_required()
            self._held_from = self._take_pieces(self._held, self._held_from)
            if self._held_from == len(self._held):
                self._let_go()
                self.flow.release()

    def _let_go(self) -> None:
        self._policy.budget.give_back(len(self._held))
        self._held = b""

    def _settle(self) -> None:
        self._policy.budget.give_back(self._charged)
        self._charged = 0

    def _reads(self) -> bool:
        return not self._stopped and not self.transport.is_closing()

    def _stop(self) -> None:
        """Read no more of this connection: it ends with the response that is owed."""
        self._stopped = True
        self.flow.hold()
        self.close_after_answer()

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

    def _is_answering(self) -> bool:
        cycle = self.cycle
        return cycle is not None and not cycle.response_complete and not cycle.more_body

    def _refuse(self, error: ApiError) -> None:
        """Answer past the application, where no answer has begun, and close."""
        if self.transport.is_closing():
            return
        self._stop()
        if self._is_answering():
            return  # what came is no request, but the one before it was: its answer is owed
        cycle = self.cycle
        is_owed = cycle is not None and not cycle.response_complete
        if not (is_owed and cycle.response_started):
            self.transport.write(raw_response(error))
        if is_owed:
            cycle.disconnected = True
            cycle.body = bytearray()
            cycle.message_event.set()
        self._settle()
        self.transport.close()

    def _close(self) -> None:
        """Close, so that a peer that is still sending reads its response (the transport)."""
        if not (self._received or self._held or self._stopped):
            self._raw.close()
            return
        policy = self._policy
        LingeringClose(self._raw, self, most=policy.max_request, seconds=policy.receive_deadline)
        self._let_go()
        self.flow.release()

    def _give_up(self) -> None:
        self._unread = None
        self.transport.abort()

    def _forgive(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
