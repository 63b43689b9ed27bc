"""Checks of a request's head against request smuggling (RFC 9112, 3.2, 6.1, 6.3).

llhttp rejects most ambiguous heads, and the checks here the rest. A rejected request closes the
connection, since its end is unknown.
"""

import re
from collections.abc import Sequence

from chassis.errors import (
    ApiError,
    HeadTooLarge,
    InvalidRequest,
    MethodNotAllowed,
    UnknownTransferCoding,
)

Header = tuple[bytes, bytes]

WATCHED = frozenset((b"host", b"transfer-encoding", b"content-length", b"expect"))
_VERSIONS = frozenset(("1.0", "1.1"))
END = b"\r\n\r\n"
"""Ends each head, and each chunked body."""
MAX_HEAD = 32 * 1024
"""Bytes of a request line and its headers."""
MAX_HEADERS = 100
"""Header lines of one request; each costs far more in memory than on the wire."""
# RFC 3986 section 3.2.2 and 3.2.3: host and port, without user info.
_HOST = re.compile(
    rb"(?:\[(?:[0-9A-Fa-f:.]+|v[0-9A-Fa-f]+\.[\w.~!$&'()*+,;=:-]+)\]"
    rb"|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?"
)
_ABSOLUTE = re.compile(rb"https?://([^/?#]+)(.*)", re.IGNORECASE | re.DOTALL)


def check_host(host: bytes) -> None:
    """Raise `InvalidRequest` for an invalid host (RFC 9112, 3.2)."""
    if _HOST.fullmatch(host) is None:
        raise InvalidRequest("The host is malformed (RFC 9112, 3.2)")


def check_codings(value: bytes, version: str) -> None:
    """Raise an `ApiError` for any Transfer-Encoding but `chunked` (RFC 9112, 6.1, 6.3)."""
    codings = [name for part in value.split(b",") if (name := part.strip(b" \t").lower())]
    if version == "1.0":
        raise InvalidRequest("HTTP/1.0 has no Transfer-Encoding (RFC 9112, 6.1)")
    if codings[-1:] != [b"chunked"] or b"chunked" in codings[:-1]:
        raise InvalidRequest("The final transfer coding must be chunked, once (RFC 9112, 6.3)")
    if len(codings) > 1:
        raise UnknownTransferCoding


def refuse_connect(method: bytes) -> None:
    """Raise `MethodNotAllowed` for CONNECT, which would be followed by another protocol."""
    if method == b"CONNECT":
        raise MethodNotAllowed("This server is not a proxy", headers={"Allow": ""})


def check_size(target: bytes, headers: Sequence[Header]) -> None:
    """Raise `HeadTooLarge` for a head with too many bytes or headers."""
    if len(headers) > MAX_HEADERS:
        raise HeadTooLarge(f"The request has more than {MAX_HEADERS} headers")
    if len(target) + sum(len(name) + len(value) + 4 for name, value in headers) > MAX_HEAD:
        raise HeadTooLarge


def absolute_form(target: bytes, headers: list[Header]) -> bytes:
    """Return path and query of a target in absolute-form (RFC 9112, 3.2.2).

    Its host replaces the Host header. Raise `InvalidRequest` unless it is an http URI.
    """
    found = _ABSOLUTE.fullmatch(target)
    if found is None:
        raise InvalidRequest("The request target is neither a path nor an http URI")
    host, rest = found.groups()
    check_host(host)
    headers[:] = [(b"host", host), *(header for header in headers if header[0] != b"host")]
    return rest if rest.startswith(b"/") else b"/" + rest


def end_of_piece(data: bytes, start: int, tail: bytes, body_left: int) -> int:
    """Return the offset up to which a parser may read without passing the end of a request.

    `tail` is the last three bytes before `start`, `body_left` the missing bytes of a body with a
    declared length.
    """
    if body_left > 0:
        return min(len(data), start + body_left)
    found = (tail + data[start : start + len(END) - 1]).find(END)
    if found >= 0:
        return start + found + len(END) - len(tail)
    found = data.find(END, start)
    return len(data) if found < 0 else found + len(END)


def refusal_of(error: Exception) -> ApiError:
    """Return the response to a parser's error: what a callback raised, which is its context.

    The caller must not store it in a variable: the error references the caller's frame.
    """
    cause = error.__context__
    if isinstance(cause, ApiError):
        return cause
    return InvalidRequest("The HTTP request is malformed")


class WatchedHeaders:
    """The framing headers of one request at a time, with a fast path for the common ones."""

    __slots__ = ("_good_host", "_host", "length", "unusual")

    def __init__(self) -> None:
        self.length = 0
        """The declared length of the body."""
        self.unusual: list[Header] = []
        self._host: bytes | None = None
        self._good_host = b""

    def note(self, name: bytes, value: bytes) -> None:
        """Record a header of `WATCHED`; llhttp rejects a second Content-Length."""
        if name == b"host" and self._host is None:
            self._host = value
        elif name == b"content-length":
            self.length = length(value)
        else:
            self.unusual.append((name, value))

    def check(self, version: str) -> None:
        """Raise an `ApiError` for a head that must close the connection."""
        host = self._host
        if self.unusual or host is None or version != "1.1":
            self._check_unusual(version)
        if host is not None and host != self._good_host:
            check_host(host)
            self._good_host = host

    def expects_continue(self, version: str) -> bool:
        """Return whether a client waits for 100 before it sends its body (RFC 9110, 10.1.1)."""
        expect = (b"expect", b"100-continue")
        return version == "1.1" and any(
            (name, text.lower()) == expect for name, text in self.unusual
        )

    def clear(self) -> None:
        """Reset for the next request."""
        self._host, self.length = None, 0
        if self.unusual:
            self.unusual.clear()

    def _check_unusual(self, version: str) -> None:
        if version not in _VERSIONS:
            raise InvalidRequest("Send HTTP/1.1")
        is_missing = self._host is None and version == "1.1"
        if is_missing or any(name == b"host" for name, _ in self.unusual):
            raise InvalidRequest("Send exactly one Host header (RFC 9112, 3.2)")
        codings = [value for name, value in self.unusual if name == b"transfer-encoding"]
        if codings:
            check_codings(b",".join(codings), version)


def length(value: bytes) -> int:
    """Return a Content-Length; `int` rejects thousands of leading zeros."""
    return int(value.lstrip(b"0") or b"0")
