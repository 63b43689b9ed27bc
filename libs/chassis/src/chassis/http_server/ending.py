"""How a connection ends: by its age, a deadline, a refusal, a drain, or its peer.

A connection beyond its maximum age, and every one while draining, gets `Connection: close`, so
that clients move to current replicas (docs/design/runtime.md, "Balancing").
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chassis.errors import ApiError, RequestTimeout, raw_response
from chassis.http_server.coalescing import CoalescingTransport
from chassis.http_server.connection_policy import ConnectionPolicy, Share
from chassis.http_server.lingering import LingeringClose
from chassis.http_server.listener import plain_address
from chassis.http_server.reading import HeldReading
from chassis.http_server.timer import Idle, Timer


class EndingProtocol(HttpToolsProtocol):
    """A connection's deadlines, its age, and what its peer can still read at the end.

    A base class and no part of its own: the common request pays for no call between the two.
    """

    flow: HeldReading

    def __init__(self, *, policy: ConnectionPolicy, **options: Any) -> None:
        super().__init__(**options)
        self._policy = policy
        self._deadline = Timer(self.loop, policy.receive_deadline, self._expired)
        self._write_timeout = Timer(self.loop, policy.receive_deadline, self._abort)
        seconds = self.timeout_keep_alive
        self._idle = Idle(self.loop, seconds, is_busy=self._is_busy, close=self.shutdown)
        self._received = 0
        """Bytes of the current request."""
        self._keep_alive = True
        self._body = Share(policy.budget)
        self._stopped, self._lingers = False, True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Start the deadline for the first request."""
        super().connection_made(transport)
        if self.client is not None:
            self.client = (plain_address(self.client[0]), self.client[1])
        self._raw, self.flow = transport, HeldReading(transport, self._policy.budget)
        self._sender = CoalescingTransport(transport, self.loop, close=self._close)
        self.transport = self._sender  # type: ignore[assignment]  # is one in all but name
        self._closes_at = self.loop.time() + self._policy.age_limit()
        self._deadline.start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Release the budget, and break reference cycles: garbage collection is rare."""
        self._release_body()
        self.flow.drop()
        super().connection_lost(exc)
        for one in (self._deadline, self._write_timeout, self._idle, self._sender):
            one.drop()
        self.cycle = None  # type: ignore[assignment]  # as it begins (uvicorn)

    def pause_writing(self) -> None:
        """Start the write timeout for a peer that reads too slowly."""
        super().pause_writing()
        self._write_timeout.start()

    def resume_writing(self) -> None:
        """Cancel the write timeout: the peer reads again."""
        self._write_timeout.stop()
        super().resume_writing()

    def is_ending(self) -> bool:
        """Return whether the connection closes after the response: it is old, or draining."""
        return self._policy.draining or self.loop.time() >= self._closes_at

    def close_after_response(self) -> None:
        """Close the connection after the current response."""
        self._keep_alive = False
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Close after the current response (uvicorn)."""
        self._keep_alive = False
        self._lingers = self._is_busy()
        super().shutdown()

    def _stop(self) -> None:
        """Stop reading; the connection closes after the pending response."""
        self._stopped = True
        self.flow.stop()
        self.close_after_response()

    def _can_read(self) -> bool:
        return not self._stopped and not self.transport.is_closing()

    def _is_busy(self) -> bool:
        return self._received > 0 or self._waiting_on_app()

    def _waiting_on_app(self) -> bool:
        cycle = self.cycle
        return cycle is not None and not cycle.response_complete and not cycle.more_body

    def _expired(self) -> None:
        if self._waiting_on_app() or self.flow.read_paused:
            # The application must respond or read first.
            self._deadline.start()
        else:
            self._refuse(RequestTimeout())

    def _refuse(self, error: ApiError) -> None:
        """Send an error, unless a response has started, and close."""
        if self.transport.is_closing():
            return
        self._stop()
        if self._waiting_on_app():
            return  # the previous request is valid, and its response pending
        cycle = self.cycle
        is_pending = cycle is not None and not cycle.response_complete
        if not (is_pending and cycle.response_started):
            self.transport.write(raw_response(error))
        if is_pending:
            cycle.disconnected = True
            cycle.message_event.set()
        self._release_body()
        self.transport.close()

    def _release_body(self) -> None:
        """Free the body now: the application may run for a while."""
        self._body.give_back()
        if self.cycle is not None and self.cycle.body:
            self.cycle.body = bytearray()

    def _close(self) -> None:
        """Close so that a peer that is still sending can read its response."""
        if not self._lingers or (self.cycle is None and not self._stopped):
            self._raw.close()
            return
        policy = self._policy
        LingeringClose(self._raw, self, most=policy.max_request, seconds=policy.receive_deadline)
        self.flow.discard()

    def _abort(self) -> None:
        self.transport.abort()
