"""The head that a connection sent last: callers send the same one again and again.

A pooled connection of a service repeats its head with each request, but for the trace that it goes
on with. A request with such a head, which arrives whole, is not parsed again: what the parser and
the checks of `framing` made of the same bytes is still true of them.
"""

import re
from collections.abc import Sequence
from typing import Self

Header = tuple[bytes, bytes]

_TRACE = b"traceparent"
_VALUE = re.compile(rb"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_VALUE_BYTES = 55
"""W3C trace context, 2.2.2: a value of another form may be of any length, and is not cut out."""
_MOST = 4096
"""Bytes of a head that is remembered: each connection has one."""


class KnownHead:
    """What was parsed of a head of `end` bytes; `size` is that of its requests.

    `memo` is what the server makes of it to serve them.
    """

    __slots__ = ("_after", "_before", "_headers", "_place", "_traced", "end", "memo", "size")

    def __init__(self, head: bytes, headers: Sequence[Header], declared: int, memo: object) -> None:
        self.end, self.size, self.memo = len(head), len(head) + declared, memo
        self._headers = list(headers)
        self._before, self._after = head, b""
        self._place = 0
        """Where the value of `traceparent` is that differs, if there is one."""
        traces = [number for number, header in enumerate(headers) if header[0] == _TRACE]
        self._traced = traces[0] if traces else None
        if len(traces) == 1:
            self._cut(head, headers[traces[0]][1])

    @classmethod
    def of(cls, data: bytes, headers: Sequence[Header], declared: int, memo: object) -> Self | None:
        """Return the head of the request `data`; None for one that is too large."""
        end = len(data) - declared
        return cls(data[:end], headers, declared, memo) if end <= _MOST else None

    def begins(self, data: bytes) -> bool:
        """Return whether `data` is one whole request with this head."""
        if len(data) != self.size or not data.startswith(self._before):
            return False
        place = self._place
        return not place or (
            data.startswith(self._after, place + _VALUE_BYTES)
            # It has no line break, which would make it two headers.
            and _VALUE.fullmatch(data, place, place + _VALUE_BYTES) is not None
        )

    def traceparent(self, data: bytes) -> bytes | None:
        """Return the value in a request that this head begins."""
        if self._place:
            return data[self._place : self._place + _VALUE_BYTES]
        return None if self._traced is None else self._headers[self._traced][1]

    def headers(self, data: bytes) -> list[Header]:
        """Return the headers of a request that this head begins."""
        headers = self._headers.copy()
        if self._traced is not None and self._place:
            headers[self._traced] = (_TRACE, data[self._place : self._place + _VALUE_BYTES])
        return headers

    def _cut(self, head: bytes, value: bytes) -> None:
        if _VALUE.fullmatch(value) and head.count(value) == 1:
            self._place = head.index(value)
            self._before, self._after = head[: self._place], head[self._place + _VALUE_BYTES :]
