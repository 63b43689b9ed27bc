"""W3C trace context: which trace a request belongs to, and what is passed on.

https://www.w3.org/TR/trace-context/, sections 3.2 and 3.3
"""

import re
from contextvars import ContextVar
from random import getrandbits

_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
_ZERO_TRACE, _ZERO_SPAN = b"0" * 32, b"0" * 16


class Trace:
    """Continue the trace of a `traceparent` header in a span of our own, or begin a trace.

    Most requests neither log nor call out: the ids are made when first asked for.
    """

    __slots__ = ("_carried", "_ids")

    def __init__(self, traceparent: bytes | None = None) -> None:
        self._carried = traceparent
        self._ids: tuple[str, str, str] | None = None

    @property
    def trace_id(self) -> str:
        """Return the trace's 32 lower-case hexadecimal digits."""
        return self._identity()[0]

    @property
    def span_id(self) -> str:
        """Return the 16 digits of this service's span."""
        return self._identity()[1]

    def traceparent(self) -> str:
        """Return the header for the next service."""
        return "00-{}-{}-{}".format(*self._identity())

    def _identity(self) -> tuple[str, str, str]:
        if self._ids is None:
            trace_id, flags = _carried(self._carried)
            self._ids = (trace_id, f"{getrandbits(64) or 1:016x}", flags)
        return self._ids


current_trace: ContextVar[Trace | None] = ContextVar("current_trace", default=None)
"""The trace of the request being served, None outside of one."""


def _carried(traceparent: bytes | None) -> tuple[str, str]:
    """Return trace id and flags of a header; new ones where it is missing or not valid."""
    found = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if found is None or found[1] == _ZERO_TRACE or found[2] == _ZERO_SPAN:
        return f"{getrandbits(128) or 1:032x}", "01"
    return found[1].decode(), found[3].decode()
