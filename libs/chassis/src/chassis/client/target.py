"""The parts of a URL that a call needs: name, port, TLS, path and query."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from chassis.transport import EncodedRequest, RawRequest

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """A service's name, its port, and whether to use TLS."""

    host: str
    port: int
    tls: bool = False

    @classmethod
    def of(cls, scheme: str, host: str, port: int | None) -> "Target":
        """Return the target of a URL's parts; raise ValueError unless the scheme is http(s)."""
        if scheme not in _DEFAULT_PORTS or not host:
            raise ValueError(f"{scheme}://{host}: not an http or https URL")
        return cls(host, port or _DEFAULT_PORTS[scheme], scheme == "https")

    @property
    def name(self) -> str:
        """Return the value of the Host header: the service's name, never its address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self._scheme] else f"{host}:{self.port}"

    @property
    def _scheme(self) -> str:
        return "https" if self.tls else "http"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One resource of a service: its target, path and query."""

    target: Target
    path: bytes
    host: bytes
    """The value of the Host header."""

    @classmethod
    def parse(cls, url: str) -> "Endpoint":
        """Parse a URL; raise ValueError unless its scheme is http(s)."""
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        path = f"{parts.path or '/'}{query}".encode("ascii")
        target = Target.of(parts.scheme, parts.hostname or "", parts.port)
        return cls(target, path, target.name.encode("ascii"))

    def post_form(self, authorization: bytes, body: bytes) -> EncodedRequest:
        """Return a POST of an encoded form that accepts JSON; `authorization` may be empty."""
        return form(self.form_head(authorization), body)

    def form_head(self, authorization: bytes) -> bytes:
        """Return the encoded head of such a POST without its length, for many forms."""
        headers = [
            (b"Host", self.host),
            *([(b"Authorization", authorization)] if authorization else []),
            (b"Content-Type", b"application/x-www-form-urlencoded"),
            (b"Accept", b"application/json"),
        ]
        return RawRequest(b"POST", self.path, headers).head()


def form(head: bytes, body: bytes) -> EncodedRequest:
    """Return a POST of an encoded form, with the head of `Endpoint.form_head`."""
    return EncodedRequest(b"POST", b"%b\r\nContent-Length: %d" % (head, len(body)), body)
