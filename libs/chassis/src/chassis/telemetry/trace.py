"""W3C trace context (https://www.w3.org/TR/trace-context/, sections 3.2 and 3.3).

The `traceresponse` header follows the drafts of level 2.
"""

import re
from collections.abc import Iterable
from contextvars import ContextVar
from random import getrandbits

from starlette.types import Message

from chassis.telemetry.security_events import SecurityEvents

_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_ZERO_TRACE, _ZERO_SPAN = b"0" * 32, b"0" * 16
_TRACE_BITS, _SPAN_BITS = 128, 64
_NOT_ZERO = 1 << _SPAN_BITS | 1
"""One bit of the trace id and one of the span id: neither may be all zeros."""


class Trace:
    """Continue the trace of a `traceparent` header in a new span, or start a trace.

    It also carries the counters of the request's application.
    """

    __slots__ = ("_text", "security_events")

    def __init__(self, traceparent: bytes | None = None) -> None:
        self._text = (traceparent and _continued(traceparent)) or _begun()
        self.security_events: SecurityEvents | None = None

    @property
    def trace_id(self) -> str:
        """Return the trace's 32 lower-case hexadecimal digits."""
        return self._text[3:35]

    @property
    def span_id(self) -> str:
        """Return the 16 digits of this service's span."""
        return self._text[36:52]

    def traceparent(self) -> str:
        """Return the header's value for the next service."""
        return self._text

    def encoded(self) -> bytes:
        """Return the value of `traceresponse`."""
        return self._text.encode()

    def add_to(self, start: Message) -> Message:
        """Return a copy of `http.response.start` (ASGI) with `traceresponse`.

        Responses may share the original message and its list of headers.
        """
        header = (b"traceresponse", self.encoded())
        return {**start, "headers": [*start.get("headers", ()), header]}


current_trace: ContextVar[Trace | None] = ContextVar("current_trace", default=None)
"""The trace of the current request, None outside of one."""


def traceparent_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Return the value of a request's `traceparent`, if it has one."""
    for name, value in headers:
        if name == b"traceparent":
            return value
    return None


def _begun() -> str:
    """Return a new trace, from one random number to be fast."""
    digits = (getrandbits(_TRACE_BITS + _SPAN_BITS) | _NOT_ZERO).to_bytes(24).hex()
    return f"00-{digits[:32]}-{digits[32:]}-01"


def _continued(traceparent: bytes) -> str | None:
    """Return a new span of the header's trace; None if the header is invalid."""
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None or found[1] == _ZERO_TRACE or found[2] == _ZERO_SPAN:
        return None
    return f"00-{found[1].decode()}-{getrandbits(_SPAN_BITS) or 1:016x}-{found[3].decode()}"
