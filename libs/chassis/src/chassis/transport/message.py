"""Requests and responses as sent on the wire."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

# RFC 9110 section 5.5 and RFC 9112 section 3: a character that ends a line early would allow
# request smuggling.
_FORBIDDEN = re.compile(rb"[\x00-\x20\x7f]")

Headers = Sequence[tuple[bytes, bytes]]


class Origin(NamedTuple):
    """A connection's address, and the name that TLS verifies (None: no TLS)."""

    host: str
    port: int
    tls_name: str | None = None


@dataclass(frozen=True, slots=True)
class RawRequest:
    """One request; `headers` include Host, and Content-Length if there is a body."""

    method: bytes
    target: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""

    def encode(self, more: Headers = ()) -> bytes:
        """Return the bytes to send, with `more` headers, which are this process' own.

        Raises ValueError if a part would break the framing.
        """
        return EncodedRequest(self.method, self.head(), self.body).encode(more)

    def head(self) -> bytes:
        """Return the request line and the headers; raise ValueError as `encode` does."""
        headers = self.headers
        if _FORBIDDEN.search(b"".join([self.method, self.target, *[name for name, _ in headers]])):
            raise ValueError("method, target or a header's name has a forbidden character")
        lines = [b"%b %b HTTP/1.1" % (self.method, self.target)]
        lines += [b"%b: %b" % header for header in headers]
        head = b"\r\n".join(lines)
        breaks = len(headers)
        if head.count(b"\r") != breaks or head.count(b"\n") != breaks or b"\0" in head:
            raise ValueError("a header contains a line break")
        return head


@dataclass(frozen=True, slots=True)
class EncodedRequest:
    """A request whose `head` was encoded before, for one that is sent often; see `RawRequest`."""

    method: bytes
    head: bytes = field(repr=False)
    body: bytes = field(repr=False)

    def encode(self, more: Headers = ()) -> bytes:
        """Return the bytes to send, with `more` headers, which are this process' own."""
        lines = b"".join([b"\r\n%b: %b" % header for header in more])
        return b"%b%b\r\n\r\n%b" % (self.head, lines, self.body)


@dataclass(frozen=True, slots=True)
class RawResponse:
    """One response; its body is not decoded."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
