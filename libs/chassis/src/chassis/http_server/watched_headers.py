"""The headers that say where a request ends, whom it is for, and what it waits for."""

from chassis.errors import InvalidRequest
from chassis.http_server.framing import Header, check_codings, check_host

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
