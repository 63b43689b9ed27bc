"""uvicorn's HTTP protocol with the bounds it lacks: time to receive, size, number, age.

- A request that is not whole within the deadline ends with 408: idle connects, dripping headers,
  stalled headers, dripping bodies.
- A head beyond `MAX_HEAD` bytes ends with 431; one that is ambiguous with 400 (`framing`).
- One request is parsed at a time. What comes behind it is held, unparsed, until its response left.
- All bodies of the process share a byte budget; what would exceed it ends with 503.
- A connection older than its maximum age, and each one while draining, answers
  `Connection: close`: so clients spread over the replicas that are there now
  (docs/design/runtime.md, "Balancing").
"""

import asyncio
from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chassis.errors import (
    ApiError,
    HeadTooLarge,
    PayloadTooLarge,
    RequestTimeout,
    TemporarilyUnavailable,
    raw_response,
)
from chassis.http_server.coalescing import CoalescingTransport
from chassis.http_server.connection_policy import ConnectionPolicy, Share
from chassis.http_server.framing import (
    END,
    MAX_HEAD,
    MAX_HEADERS,
    WATCHED,
    WatchedHeaders,
    absolute_form,
    check_size,
    end_of_piece,
    refusal_of,
    refuse_connect,
)
from chassis.http_server.lingering import LingeringClose
from chassis.http_server.listener import plain_address
from chassis.http_server.reading import HeldReading
from chassis.http_server.timer import Idle, Timer
from chassis.http_server.upgrades import parser_after_upgrade

_OVER_BUDGET = "Too many request bodies are under way; try again"


class BoundedProtocol(HttpToolsProtocol):
    """One connection under a `ConnectionPolicy`.

    Requests that arrive in one piece, which is nearly all, never start a timer.
    """

    flow: HeldReading

    def __init__(self, *, policy: ConnectionPolicy, **options: Any) -> None:
        super().__init__(**options)
        self._policy = policy
        self._deadline = Timer(self.loop, policy.receive_deadline, self._expired)
        self._unread = Timer(self.loop, policy.receive_deadline, self._give_up)
        seconds = self.timeout_keep_alive
        self._idle = Idle(self.loop, seconds, is_busy=self._is_busy, close=self.shutdown)
        self._watched = WatchedHeaders()
        # Of the request that is arriving: bytes so far, those of its head, those declared for its
        # body, those this still lacks; and the last three, where its end may begin.
        self._received = self._head = self._declared = self._body_left = 0
        self._tail = b""
        self._in_head = self._receiving = self._keeps_alive = True
        self._offers_upgrade = False
        self._body = Share(policy.budget)
        self._stopped, self._lingers = False, True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Start the clocks: a new connection owes a whole request."""
        super().connection_made(transport)
        if self.client is not None:
            self.client = (plain_address(self.client[0]), self.client[1])
        self._raw, self.flow = transport, HeldReading(transport, self._policy.budget)
        self._sender = CoalescingTransport(transport, self.loop, close=self._close)
        self.transport = self._sender  # type: ignore[assignment]  # is one in all but name
        self._closes_at = self.loop.time() + self._policy.age_limit()
        self._deadline.start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give back what was taken, and leave no cycle: the collector would come seldom."""
        self._forget_body()
        self.flow.drop()
        super().connection_lost(exc)
        for one in (self._deadline, self._unread, self._idle, self._sender):
            one.drop()
        self.cycle = None  # type: ignore[assignment]  # as it begins (uvicorn)

    def pause_writing(self) -> None:
        """Give a peer that reads too slowly one deadline to catch up."""
        super().pause_writing()
        self._unread.start()

    def resume_writing(self) -> None:
        """Go on: the peer reads."""
        self._unread.stop()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Feed the parser up to the end of one request, and hold what comes behind it."""
        cycle = self.cycle
        is_free = cycle is None or cycle.response_complete
        if is_free and not self._received and data.count(END) <= 1:
            self._take(data)  # it begins a request and has no second one: nearly all there is
            return
        end = self._take_pieces(data, 0)
        if end < len(data) and self._reads() and not self.flow.hold(data, end):
            self._stop()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a trailer is dropped, for it must not pass for one (RFC 9110, 6.5.1)."""
        if self._in_head:
            name, value = name.lower(), value.rstrip(b" \t")
            if name in WATCHED:
                self._watched.note(name, value)
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """End the head; let an old connection, or one of a draining server, answer its last."""
        self._in_head = False
        if self._head > MAX_HEAD or len(self.headers) > MAX_HEADERS:
            check_size(self.url, self.headers)
        self._offers_upgrade = self.parser.should_upgrade()
        if self._offers_upgrade:
            refuse_connect(self.parser.get_method())  # which llhttp takes for one
        version = self.parser.get_http_version()
        self._watched.check(version)
        if self._watched.unusual:
            self.expect_100_continue = self._watched.expects_continue(version)
        self._declared = self._body_left = self._watched.length
        if not self.url.startswith(b"/"):
            self.url = absolute_form(self.url, self.headers)
        super().on_headers_complete()
        cycle = self.cycle
        ends = self._policy.draining or self.loop.time() >= self._closes_at
        self._keeps_alive = cycle.keep_alive and not ends
        # A response that begins before the request is whole is the connection's last.
        cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Take a part of the body, within the budget of the process."""
        if not self._body.take(len(body)):
            raise TemporarilyUnavailable(_OVER_BUDGET)
        self._body_left -= len(body)
        cycle = self.cycle
        if not cycle.response_complete:
            cycle.body += body
            if len(cycle.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            cycle.message_event.set()

    def on_message_complete(self) -> None:
        """End the request: it is whole."""
        if self._offers_upgrade:
            self._offers_upgrade = False  # its body comes through the next parser
            return
        self._receiving, self._in_head = False, True
        self._received = self._head = self._body_left = 0
        self._watched.clear()
        cycle = self.cycle
        if not cycle.response_started:
            cycle.keep_alive = self._keeps_alive
        cycle.more_body = False
        cycle.message_event.set()

    def on_response_complete(self) -> None:
        """Give back what the body took, and go on with what is held."""
        self.server_state.total_requests += 1
        if self._body.taken:
            self._forget_body()
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        self._idle.begin()
        if self.flow.data:
            self.loop.call_soon(self._go_on)

    def close_after_response(self) -> None:
        """Make the answer under way the last one on this connection."""
        self._keeps_alive = False
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Close, after the answer under way (uvicorn)."""
        self._keeps_alive = False
        self._lingers = self._is_busy()
        super().shutdown()

    def _take_pieces(self, data: bytes, start: int) -> int:
        """Feed what belongs to the request that is arriving; return where that ends."""
        while start < len(data) and self._reads() and not self._waiting_on_app():
            end = end_of_piece(data, start, self._tail, self._body_left)
            self._take(data[start:end])
            start = end
        return start

    def _take(self, data: bytes) -> None:
        """Feed the parser; a request that is not whole afterwards has a deadline."""
        self._receiving = True
        self._received += len(data)
        if self._in_head:
            self._head += len(data)
        self._feed(data)
        if not self._receiving:
            self._tail = b""
            if self.scope is self.cycle.scope:
                self._deadline.stop()
                return
            # One ended, and another began.
            ended = data.find(END) + len(END) + self._declared
            self._received = self._head = max(1, len(data) - ended)
        self._tail = (self._tail + data[1 - len(END) :])[1 - len(END) :]
        if self._received > self._policy.max_request:
            self._refuse(PayloadTooLarge())
        if self._in_head and (self._head > MAX_HEAD or len(self.headers) > MAX_HEADERS):
            self._refuse(HeadTooLarge())
        self._deadline.start()

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.parser = parser_after_upgrade(self, self.headers)
            self._feed(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._refuse(refusal_of(error))

    def _go_on(self) -> None:
        """Take the next request of what is held."""
        if self.flow.data and self._reads():
            self.flow.taken(self._take_pieces(self.flow.data, self.flow.start))

    def _forget_body(self) -> None:
        """Free the body now: the application may go on for a while."""
        self._body.give_back()
        if self.cycle is not None and self.cycle.body:
            self.cycle.body = bytearray()

    def _reads(self) -> bool:
        return not self._stopped and not self.transport.is_closing()

    def _stop(self) -> None:
        """Read no more of this connection: it ends with the response that is owed."""
        self._stopped = True
        self.flow.stop()
        self.close_after_response()

    def _is_busy(self) -> bool:
        return self._received > 0 or self._waiting_on_app()

    def _expired(self) -> None:
        if self._waiting_on_app() or self.flow.read_paused:
            # The wait is for the application: to answer, or to take what came.
            self._deadline.start()
        else:
            self._refuse(RequestTimeout())

    def _waiting_on_app(self) -> bool:
        cycle = self.cycle
        return cycle is not None and not cycle.response_complete and not cycle.more_body

    def _refuse(self, error: ApiError) -> None:
        """Answer past the application, where no answer has begun, and close."""
        if self.transport.is_closing():
            return
        self._stop()
        if self._waiting_on_app():
            return  # what came is no request, but the one before it was: its answer is owed
        cycle = self.cycle
        is_owed = cycle is not None and not cycle.response_complete
        if not (is_owed and cycle.response_started):
            self.transport.write(raw_response(error))
        if is_owed:
            cycle.disconnected = True
            cycle.message_event.set()
        self._forget_body()
        self.transport.close()

    def _close(self) -> None:
        """Close, so that a peer that is still sending reads its response (the transport)."""
        if not self._lingers or (self.cycle is None and not self._stopped):
            self._raw.close()
            return
        policy = self._policy
        LingeringClose(self._raw, self, most=policy.max_request, seconds=policy.receive_deadline)
        self.flow.throw_away()

    def _give_up(self) -> None:
        self.transport.abort()
