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
