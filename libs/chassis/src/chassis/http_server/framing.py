"""What a request's head must say, so that nobody between client and service reads it otherwise.

llhttp refuses most of what is ambiguous. What it takes, or takes for something else, is refused
here (RFC 9112, 3.2, 6.1, 6.3): then the connection closes, for its next byte has no sure meaning.
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

END = b"\r\n\r\n"
"""Ends each head, and each chunked body."""
MAX_HEAD = 32 * 1024
"""Bytes of a request line and its headers."""
MAX_HEADERS = 100
"""Header lines of one request; each costs far more in memory than on the wire."""
# RFC 3986 section 3.2.2 and 3.2.3: host and port; the user info that may stand before is no part.
_HOST = re.compile(
    rb"(?:\[(?:[0-9A-Fa-f:.]+|v[0-9A-Fa-f]+\.[\w.~!$&'()*+,;=:-]+)\]"
    rb"|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?"
)
_ABSOLUTE = re.compile(rb"https?://([^/?#]+)(.*)", re.IGNORECASE | re.DOTALL)


def check_host(host: bytes) -> None:
    """Raise `InvalidRequest` for what is no host (RFC 9112, 3.2)."""
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
    """Raise `MethodNotAllowed` for CONNECT: what follows it is another protocol's."""
    if method == b"CONNECT":
        raise MethodNotAllowed("This is no proxy", headers={"Allow": ""})


def check_size(target: bytes, headers: Sequence[Header]) -> None:
    """Raise `HeadTooLarge` for a head of more bytes, or more headers, than a request may have."""
    if len(headers) > MAX_HEADERS:
        raise HeadTooLarge(f"The request has more than {MAX_HEADERS} headers")
    if len(target) + sum(len(name) + len(value) + 4 for name, value in headers) > MAX_HEAD:
        raise HeadTooLarge


def absolute_form(target: bytes, headers: list[Header]) -> bytes:
    """Return path and query of a target in absolute-form; its host replaces the header's.

    RFC 9112, 3.2.2. Raise `InvalidRequest` for what is no http URI.
    """
    found = _ABSOLUTE.fullmatch(target)
    if found is None:
        raise InvalidRequest("The request target is neither a path nor an http URI")
    host, rest = found.groups()
    check_host(host)
    headers[:] = [(b"host", host), *(header for header in headers if header[0] != b"host")]
    return rest if rest.startswith(b"/") else b"/" + rest


def end_of_piece(data: bytes, start: int, tail: bytes, body_left: int) -> int:
    """Return how far from `start` a parser may go without passing a request's end.

    `tail` is the last three bytes before, `body_left` what a body of declared length still lacks.
    """
    if body_left > 0:
        return min(len(data), start + body_left)
    found = (tail + data[start : start + len(END) - 1]).find(END)
    if found >= 0:
        return start + found + len(END) - len(tail)
    found = data.find(END, start)
    return len(data) if found < 0 else found + len(END)


def refusal_of(error: Exception) -> ApiError:
    """Return how a parser's error is answered: by what a callback raised, which is its context.

    Not a variable of its caller, whose frame the error knows: that would be a cycle.
    """
    cause = error.__context__
    if isinstance(cause, ApiError):
        return cause
    return InvalidRequest("This is no well-formed HTTP request")


WATCHED = frozenset((b"host", b"transfer-encoding", b"content-length", b"expect"))
_VERSIONS = frozenset(("1.0", "1.1"))


class WatchedHeaders:
    """Those of one request at a time.

    Nearly all have a well-known Host and perhaps a length: what is rare costs nothing else.
    """

    __slots__ = ("_good_host", "_host", "length", "unusual")

    def __init__(self) -> None:
        self.length = 0
        """The declared length of the body."""
        self.unusual: list[Header] = []
        self._host: bytes | None = None
        self._good_host = b""

    def note(self, name: bytes, value: bytes) -> None:
        """Take a header of `WATCHED`; of two lengths llhttp knows."""
        if name == b"host" and self._host is None:
            self._host = value
        elif name == b"content-length":
            self.length = length(value)
        else:
            self.unusual.append((name, value))

    def check(self, version: str) -> None:
        """Raise an `ApiError` for a head that the connection can't survive."""
        host = self._host
        if self.unusual or host is None or version != "1.1":
            self._check_unusual(version)
        if host is not None and host != self._good_host:
            check_host(host)
            self._good_host = host

    def expects_continue(self, version: str) -> bool:
        """Tell whether a client waits for 100 before it sends its body (RFC 9110, 10.1.1)."""
        expect = (b"expect", b"100-continue")
        return version == "1.1" and any(
            (name, text.lower()) == expect for name, text in self.unusual
        )

    def clear(self) -> None:
        """Begin with the next request."""
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
    """Return a Content-Length; Python refuses to read thousands of leading zeros."""
    return int(value.lstrip(b"0") or b"0")
