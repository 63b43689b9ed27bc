"""The client address behind trusted proxies: `server.forwarded`.

Only one header is used, and only from trusted proxies. Each proxy appends the address of its
peer, so the list is read from the right: the first address that is not a trusted proxy is the
client's. The client controls everything left of it.
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.config.live import LiveConfig, Snapshot
from chassis.config.sections import ForwardedSettings

NO_PORT = 0


class SourceAddress:
    """Set `scope["client"]` to the client's address; a reload takes effect at the next request."""

    def __init__(self, app: ASGIApp, *, live: LiveConfig[Any]) -> None:
        self._app = app
        self._apply(live.settings.server.forwarded)
        live.on_change(self._changed)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Replace the peer's address if proxies are trusted."""
        if self._forwarded is not None and scope["type"] == "http" and scope.get("client"):
            peer = scope["client"][0]
            address = self._forwarded.address(scope)
            if address != peer:
                scope["client"] = (address, NO_PORT)
        return self._app(scope, receive, send)

    def _changed(self, snapshot: Snapshot[Any]) -> None:
        self._apply(snapshot.settings.server.forwarded)

    def _apply(self, settings: ForwardedSettings) -> None:
        self._forwarded = Forwarded(settings) if settings.trusted_proxies else None


MAX_HOPS = 32
"""The most addresses that are read; no request passes so many proxies."""
_MAX_ELEMENT = 1024
_REMEMBERED = 4096
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PAIR = re.compile(rf'[ \t]*+(?:({_NAME})=(?:"((?:[^"\\]|\\.)*)"|([^\s";,]+)))?[ \t]*+(?:;|\Z)')
# RFC 7239, 6: an IPv6 address has brackets, and a port may be obfuscated. XFF has both forms.
_NODE = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::[0-9A-Za-z._-]+)?|([0-9A-Fa-f:.]+)")


class Forwarded:
    """Determine the client address of a request from a forwarding header."""

    def __init__(self, settings: ForwardedSettings) -> None:
        self._networks = settings.trusted_proxies
        self._header = settings.header.encode()
        self._hops: Callable[[str], Iterator[str]] = (
            _forwarded if settings.header == "forwarded" else _x_forwarded_for
        )
        self._is_trusted = lru_cache(_REMEMBERED)(self._look)

    def address(self, scope: Scope) -> str:
        """Return the rightmost address that is not a trusted proxy's, or the last one known.

        An obfuscated or malformed address ends the list (RFC 7239, 6.3); the result is the proxy
        that wrote it.
        """
        known = _normal(scope["client"][0])
        for hop in self._hops_of(scope):
            if not self._is_trusted(known) or (address := _address(hop)) is None:
                break
            known = address
        return known

    def _hops_of(self, scope: Scope) -> Iterator[str]:
        """Yield the header's elements from the right; several header lines are one list."""
        lines = [value for name, value in scope["headers"] if name == self._header]
        hops = (hop for line in reversed(lines) for hop in self._hops(line.decode("latin-1")))
        return (hop for hop in islice(hops, MAX_HOPS) if hop)

    def _look(self, address: str) -> bool:
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(ip in network for network in self._networks)


def _x_forwarded_for(line: str) -> Iterator[str]:
    return _pieces(line, quoted=False)


def _forwarded(line: str) -> Iterator[str]:
    """Yield the `for` of each element (RFC 7239, 4), or `unknown`."""
    return (piece and _for(piece) for piece in _pieces(line, quoted=True))


def _pieces(line: str, *, quoted: bool) -> Iterator[str]:
    """Split at commas outside quotes, from the right.

    From the right, so that a client's unclosed quote does not hide a proxy's element.
    """
    end = len(line)
    while end >= 0:
        start = line.rfind(",", 0, end)
        while quoted and start >= 0 and line.count('"', start, end) % 2:
            start = line.rfind(",", 0, start) if end - start < _MAX_ELEMENT else -1
        if end - start > _MAX_ELEMENT:
            yield "unknown"
            return
        yield line[start + 1 : end].strip(" \t")
        end = start


def _for(element: str) -> str:
    found = [value for name, value in _pairs(element) if name == "for"]
    return found[0] if len(found) == 1 else "unknown"


def _pairs(element: str) -> Iterable[tuple[str, str]]:
    """Return the pairs of an element, none if it is malformed."""
    pairs, at = [], 0
    while at < len(element):
        match = _PAIR.match(element, at)
        if match is None:
            return ()
        name, in_quotes, plain = match.groups()
        if name:
            value = plain if in_quotes is None else re.sub(r"\\(.)", r"\1", in_quotes)
            pairs.append((name.lower(), value))
        at = match.end()
    return pairs


def _address(hop: str) -> str | None:
    """Return a node's address without its port; None for `unknown` and obfuscated nodes."""
    match = _NODE.fullmatch(hop)
    if match is None:
        return None
    text = match[1] or match[2] or match[3]
    try:
        return str(_unmapped(ipaddress.ip_address(text)))
    except ValueError:
        return None


@lru_cache(_REMEMBERED)
def _normal(peer: str) -> str:
    return _address(peer) or peer


def _unmapped(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return an IPv4-mapped IPv6 address, as a listener on `::` reports it, as IPv4."""
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip
