"""Requests and answers as the wire has them."""

import re
from dataclasses import dataclass
from typing import NamedTuple

# RFC 9110 section 5.5 and RFC 9112 section 3: whatever could end a line early would let a caller
# smuggle a second request.
_FORBIDDEN = re.compile(rb"[\x00-\x20\x7f]")
_FORBIDDEN_IN_VALUE = re.compile(rb"[\x00\r\n]")


class Origin(NamedTuple):
    """Say where a connection leads: an address, and the name TLS has to prove (None: no TLS)."""

    host: str
    port: int
    tls_name: str | None = None


@dataclass(frozen=True, slots=True)
class RawRequest:
    """Hold one request; `headers` must have Host, and Content-Length where there is a body."""

    method: bytes
    target: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""

    def encode(self) -> bytes:
        """Return the bytes to send; raise ValueError where a part would break the framing."""
        if _FORBIDDEN.search(self.method) or _FORBIDDEN.search(self.target):
            raise ValueError("method or target has a character that may not stand there")
        lines = [b"%b %b HTTP/1.1\r\n" % (self.method, self.target)]
        for name, value in self.headers:
            if _FORBIDDEN.search(name) or _FORBIDDEN_IN_VALUE.search(value):
                raise ValueError("a header has a character that may not stand there")
            lines.append(b"%b: %b\r\n" % (name, value))
        lines.append(b"\r\n")
        lines.append(self.body)
        return b"".join(lines)


@dataclass(frozen=True, slots=True)
class RawResponse:
    """Hold one answer, its body as it came (not decoded)."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
