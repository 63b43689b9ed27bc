"""uvicorn's HTTP protocol with limits on receive time, size, number and age.

- A request that is incomplete at the deadline gets 408: idle connections, slow or stalled heads
  and bodies.
- A head beyond `MAX_HEAD` bytes gets 431; an ambiguous one gets 400 (`framing`).
- One request is parsed at a time. Pipelined bytes are buffered until its response is sent.
- All bodies of the process share a byte budget; a body that exceeds it gets 503.
- How a connection ends is in `ending`.
"""

import asyncio
from typing import Any, cast

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from chassis.errors import HeadTooLarge, PayloadTooLarge, TemporarilyUnavailable
from chassis.http_server.connection_policy import ConnectionPolicy
from chassis.http_server.ending import EndingProtocol
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
from chassis.http_server.known_head import KnownHead
from chassis.http_server.upgrades import parser_after_upgrade

_TARGET = frozenset(("method", "path", "raw_path", "query_string"))
"""What uvicorn adds to a scope once the head is complete."""
_OVER_BUDGET = "Too many concurrent request bodies; try again"


class BoundedProtocol(EndingProtocol):
    """One connection under a `ConnectionPolicy`; a request in one piece starts no timer."""

    def __init__(self, *, policy: ConnectionPolicy, **options: Any) -> None:
        super().__init__(policy=policy, **options)
        self._watched = WatchedHeaders()
        # Bytes of the current request: of its head, declared for its body, missing from its body;
        # and the last three, which may start its end.
        self._head = self._declared = self._body_left = 0
        self._tail = b""
        self._in_head = self._receiving = True
        self._offers_upgrade = False
        self._repeats = False
        """Whether a request with the head of the current one would be served like it."""
        self._known: KnownHead | None = None

    def data_received(self, data: bytes) -> None:
        """Feed the parser up to the end of one request, and buffer the rest."""
        cycle = self.cycle
        is_free = (cycle is None or cycle.response_complete) and not self._received
        known = self._known
        if is_free and known is not None and known.begins(data) and self._can_read():
            self.repeat(known, data)  # the usual case of a pooled connection
            return
        if is_free and data.count(END) <= 1:
            self.parse(data)  # the common case: the start of one request
            return
        end = self._feed_request(data, 0)
        if end < len(data) and self._can_read() and not self.flow.hold(data, end):
            self._stop()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Store a header; drop a trailer, which must not be merged (RFC 9110, 6.5.1)."""
        if self._in_head:
            name, value = name.lower(), value.rstrip(b" \t")
            if name in WATCHED:
                self._watched.note(name, value)
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Check the head; close an old connection, or one of a draining server, afterwards."""
        self._in_head = False
        if self._head > MAX_HEAD or len(self.headers) > MAX_HEADERS:
            check_size(self.url, self.headers)
        self._offers_upgrade = self.parser.should_upgrade()
        if self._offers_upgrade:
            refuse_connect(self.parser.get_method())  # llhttp treats CONNECT as an upgrade
        version = self.parser.get_http_version()
        self._watched.check(version)
        if self._watched.unusual:
            self.expect_100_continue = self._watched.expects_continue(version)
        self._declared = self._body_left = self._watched.length
        is_path = self.url.startswith(b"/")
        if not is_path:
            self.url = absolute_form(self.url, self.headers)
        self._repeats = is_path and not (self._watched.unusual or self._offers_upgrade)
        self.open_cycle()

    def parse(self, data: bytes) -> None:
        """Feed the start of one request, and remember its head if it is whole."""
        self._take(data)
        if self._repeats and self._keep_alive and not (self._receiving or self._received):
            self._known = KnownHead.of(data, self.headers, self._declared, self.known_as())

    def known_as(self) -> Any:
        """Return what `repeat` needs of the current request, which is complete."""
        return {name: part for name, part in self.scope.items() if name in _TARGET}

    def repeat(self, known: KnownHead, data: bytes) -> None:
        """Start the application for a request with a known head, as the parser's callbacks do."""
        body = data[known.end :]
        if not self._body.take(len(body)):
            self._refuse(TemporarilyUnavailable(_OVER_BUDGET))
            return
        self.on_message_begin()
        self.headers += known.headers(data)
        cast("dict[str, Any]", self.scope).update(cast("dict[str, Any]", known.memo))
        self._keep_alive = not self.is_ending()
        arrived = asyncio.Event()
        arrived.set()
        self.cycle = cycle = RequestResponseCycle(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=arrived,
            expect_100_continue=False,
            keep_alive=self._keep_alive,
            on_response=self.on_response_complete,
        )
        cycle.body, cycle.more_body = bytearray(body), False
        self._start_asgi_task(cycle, self.app)

    def open_cycle(self) -> None:
        """Start the application."""
        super().on_headers_complete()
        cycle = self.cycle
        self._keep_alive = cycle.keep_alive and not self.is_ending()
        # A response that starts before the request is complete closes the connection.
        cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Buffer a part of the body, within the budget of the process."""
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
        """End the request."""
        if self._offers_upgrade:
            self._offers_upgrade = False  # the next parser reads the body
            return
        self._receiving, self._in_head = False, True
        self._received = self._head = self._body_left = 0
        self._watched.clear()
        cycle = self.cycle
        if not cycle.response_started:
            cycle.keep_alive = self._keep_alive
        cycle.more_body = False
        cycle.message_event.set()

    def on_response_complete(self) -> None:
        """Release the body's budget, and parse buffered bytes."""
        self.server_state.total_requests += 1
        if self._body.taken:
            self._release_body()
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        self._idle.begin()
        if self.flow.data:
            self.loop.call_soon(self._parse_held)

    def _feed_request(self, data: bytes, start: int) -> int:
        """Feed the bytes of the current request; return the offset of its end."""
        while start < len(data) and self._can_read() and not self._waiting_on_app():
            end = end_of_piece(data, start, self._tail, self._body_left)
            self._take(data[start:end])
            start = end
        return start

    def _take(self, data: bytes) -> None:
        """Feed the parser; start the deadline if the request is still incomplete."""
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
            # One request ended, and another one started.
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

    def _parse_held(self) -> None:
        """Parse the next request from the buffered bytes."""
        if self.flow.data and self._can_read():
            self.flow.taken(self._feed_request(self.flow.data, self.flow.start))
