"""Requests and responses as sent on the wire."""

import re
from dataclasses import dataclass
from typing import NamedTuple

# RFC 9110 section 5.5 and RFC 9112 section 3: a character that ends a line early would allow
# request smuggling.
_FORBIDDEN = re.compile(rb"[\x00-\x20\x7f]")
_FORBIDDEN_IN_VALUE = re.compile(rb"[\x00\r\n]")


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

    def encode(self) -> bytes:
        """Return the bytes to send; raise ValueError if a part would break the framing."""
        names, values = zip(*self.headers, strict=True)
        if _FORBIDDEN.search(b"".join((self.method, self.target, *names))):
            raise ValueError("method, target or a header's name has a forbidden character")
        if _FORBIDDEN_IN_VALUE.search(b"".join(values)):
            raise ValueError("a header contains a line break")
        lines = [b"%b %b HTTP/1.1" % (self.method, self.target)]
        lines += [b"%b: %b" % header for header in self.headers]
        return b"\r\n".join((*lines, b"", self.body))


@dataclass(frozen=True, slots=True)
class RawResponse:
    """One response; its body is not decoded."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
