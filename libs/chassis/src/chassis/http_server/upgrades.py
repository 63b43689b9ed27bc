"""Ignore an unsupported `Upgrade`, and read the body (RFC 9110, 7.8).

llhttp stops after a head with an upgrade and treats the rest as another protocol. The JDK's
HttpClient offers `h2c` with each first request, even one with a body. So a second parser continues
there; a synthetic head gives it the length of the body.
"""

from collections.abc import Sequence
from typing import Any

import httptools

_FRAMING = frozenset((b"content-length", b"transfer-encoding"))


def parser_after_upgrade(
    protocol: Any, headers: Sequence[tuple[bytes, bytes]]
) -> httptools.HttpRequestParser:
    """Return a parser that expects the body of these headers, then further requests."""
    callbacks = _BehindHead(protocol)
    parser = httptools.HttpRequestParser(callbacks)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    lines = [b"%b: %b\r\n" % header for header in headers if header[0] in _FRAMING]
    parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % b"".join(lines))
    return parser


class _BehindHead:
    """Forward a parser's callbacks, except those of its synthetic head."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._skips = True

    def on_message_begin(self) -> None:
        if not self._skips:
            self._protocol.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self._skips:
            self._protocol.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._skips:
            self._protocol.on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self._skips:
            self._protocol.on_headers_complete()
        self._skips = False

    def on_body(self, body: bytes) -> None:
        self._protocol.on_body(body)

    def on_message_complete(self) -> None:
        self._protocol.on_message_complete()
