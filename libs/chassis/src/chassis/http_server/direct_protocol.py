"""A connection that serves the usual requests of some endpoints without ASGI; see `direct`."""

from typing import Any

from chassis.http_server.direct import DirectExchange, DirectPath, DirectPaths, DirectRequest
from chassis.http_server.http_protocol import BoundedProtocol


class DirectProtocol(BoundedProtocol):
    """The bounded protocol with a short way for usual requests: no cycle, scope or task."""

    def __init__(self, *, direct: DirectPaths, **options: Any) -> None:
        super().__init__(**options)
        self._direct = direct
        self._path: DirectPath | None = None
        """Where the request leads whose body is being received."""
        self._arrived = b""

    def open_cycle(self) -> None:
        """Wait for the body of a usual request; open a cycle for any other."""
        path = self._direct.active.get(self.url)
        if path is not None and self._is_usual(path):
            self._path = path
        else:
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
        path = self._path
        if path is None:
            super().on_message_complete()
            return
        exchange = DirectExchange(self, path)
        address = self.client[0] if self.client else ""
        if exchange.begin(DirectRequest(self.headers, self._arrived, address)):
            self._path, self._arrived = None, b""
            self._keep_alive = self.parser.should_keep_alive() and not self.is_ending()
            self.cycle = exchange  # type: ignore[assignment]  # a cycle in all that protocols use
            super().on_message_complete()
            exchange.respond()
        else:
            self._leave()
            super().on_message_complete()

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
