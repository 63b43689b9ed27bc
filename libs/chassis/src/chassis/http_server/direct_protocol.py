"""A connection that serves the usual requests of some endpoints without ASGI; see `direct`."""

import asyncio
from typing import Any

from chassis.http_server.direct import DirectExchange, DirectHead, DirectPath, DirectPaths
from chassis.http_server.http_protocol import BoundedProtocol
from chassis.http_server.known_head import KnownHead
from chassis.telemetry.trace import traceparent_of


class DirectProtocol(BoundedProtocol):
    """The bounded protocol with a short way for usual requests: no cycle, scope or task."""

    def __init__(self, *, direct: DirectPaths, **options: Any) -> None:
        super().__init__(**options)
        self._direct = direct
        self._path: DirectPath | None = None
        """Where the request leads whose body is being received."""
        self._arrived = b""
        self._usual: DirectHead | None = None
        """The head of the current request, if it is a usual one."""
        self._active_then = direct.active
        """Which paths were active when it was parsed."""
        self.address = ""
        """The peer's."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Note the peer's address."""
        super().connection_made(transport)
        self.address = self.client[0] if self.client else ""

    def known_as(self) -> Any:
        """Return a usual head, else the target of a scope."""
        return self._usual or super().known_as()

    def repeat(self, known: KnownHead, data: bytes) -> None:
        """Serve a request with a known head, as one with that head would be served now."""
        head = known.memo
        if self._direct.active is not self._active_then or self.flow.write_paused:
            self.parse(data)
        elif not isinstance(head, DirectHead):
            super().repeat(known, data)
        elif exchange := self._begun(head, data[known.end :], known.traceparent(data)):
            exchange.keep_alive = self._keep_alive = not self.is_ending()
            exchange.respond()
        else:
            self.parse(data)

    def open_cycle(self) -> None:
        """Wait for the body of a usual request; open a cycle for any other."""
        self._active_then = self._direct.active
        path = self._active_then.get(self.url)
        if path is not None and self._is_usual(path):
            self._path, self._usual = path, DirectHead(path, tuple(self.headers))
        else:
            # Another request with the head of one that is not usual now may be usual.
            self._usual, self._repeats = None, self._repeats and path is None
            super().open_cycle()

    def on_body(self, body: bytes) -> None:
        """Buffer a part of the body."""
        if self._path is None:
            super().on_body(body)
        else:
            self._body_left -= len(body)
            self._arrived += body

    def on_message_complete(self) -> None:
        """Have the endpoint serve the request, or else the application."""
        head = self._usual
        if self._path is None or head is None:
            super().on_message_complete()
            return
        exchange = self._begun(head, self._arrived, traceparent_of(self.headers))
        if exchange is None:
            self._leave()
            super().on_message_complete()
        else:
            self._path, self._arrived = None, b""
            self._keep_alive = self.parser.should_keep_alive() and not self.is_ending()
            super().on_message_complete()
            exchange.respond()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a request that will not be complete."""
        self._path, self._arrived = None, b""
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Close after the current response, also that of a request that is not complete yet."""
        if self._path is not None:
            self._leave()
        super().shutdown()

    def write_now(self, data: bytes) -> None:
        """Write a whole response, behind what is buffered of others."""
        self._sender.write_now(data)

    def _leave(self) -> None:
        """Have the application serve the request, from what has arrived of it."""
        arrived, self._path, self._arrived = self._arrived, None, b""
        super().open_cycle()
        if arrived:
            self._body_left += len(arrived)
            super().on_body(arrived)

    def _begun(
        self, head: DirectHead, body: bytes, traceparent: bytes | None
    ) -> DirectExchange | None:
        """Return the exchange of a request; None if the endpoint leaves it to the application."""
        exchange = DirectExchange(self, head.path)
        if not exchange.begin(head, body, traceparent):
            return None
        self.cycle = exchange  # type: ignore[assignment]  # a cycle in all that protocols use
        return exchange

    def _is_usual(self, path: DirectPath) -> bool:
        """Return whether nothing about a request's head needs more care."""
        return (
            0 < self._declared <= path.limit
            and self.parser.get_method() == b"POST"
            and not self._watched.unusual
            and not self._offers_upgrade
            and not self.flow.write_paused
            and self.parser.get_http_version() == "1.1"
        )
