"""W3C trace context: which trace a request belongs to, and what is passed on.

https://www.w3.org/TR/trace-context/, 3.2
"""

import os
import re
from contextvars import ContextVar
from dataclasses import dataclass

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_ZERO_TRACE = "0" * 32


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace id and this service's span in it, both lower-case hexadecimal."""

    trace_id: str
    span_id: str
    flags: str = "01"

    def traceparent(self) -> str:
        """Return the header for the next service."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


current_trace: ContextVar[Trace | None] = ContextVar("current_trace", default=None)
"""The trace of the request being served, None outside of one."""


def continued(traceparent: bytes | None) -> Trace:
    """Continue the caller's trace in a span of our own, or begin one."""
    random = os.urandom(24).hex()
    found = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if found is None:
        return Trace(random[:32], random[32:])
    trace_id = found[1].decode()
    if trace_id == _ZERO_TRACE:
        return Trace(random[:32], random[32:])
    return Trace(trace_id, random[32:], found[3].decode())
