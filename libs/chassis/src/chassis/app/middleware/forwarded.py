"""Whose request it is behind proxies: `server.forwarded`.

One header is believed, and only from the proxies that are trusted. Each of them appends the address
it got the request from, so that the list is read from its right end: the first address that is no
trusted proxy's is the caller's, and what stands left of it is the caller's own word.
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

_NO_PORT = 0


class SourceAddress:
    """Put the caller's address where ASGI has the peer's: `scope["client"]`, for all below.

    A change of the configuration counts from the next request on.
    """

    def __init__(self, app: ASGIApp, *, live: LiveConfig[Any]) -> None:
        self._app = app
        self._apply(live.settings.server.forwarded)
        live.on_change(self._changed)

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass the request on."""
        if self._forwarded is not None and scope["type"] == "http" and scope.get("client"):
            peer = scope["client"][0]
            address = self._forwarded.address(scope)
            if address != peer:
                scope["client"] = (address, _NO_PORT)
        return self._app(scope, receive, send)

    def _changed(self, snapshot: Snapshot[Any]) -> None:
        self._apply(snapshot.settings.server.forwarded)

    def _apply(self, settings: ForwardedSettings) -> None:
        self._forwarded = Forwarded(settings) if settings.trusted_proxies else None


MAX_HOPS = 32
"""Addresses that are looked at; no request has so many proxies behind it."""
_MAX_ELEMENT = 1024
_REMEMBERED = 4096
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PAIR = re.compile(rf'[ \t]*+(?:({_NAME})=(?:"((?:[^"\\]|\\.)*)"|([^\s";,]+)))?[ \t]*+(?:;|\Z)')
# RFC 7239, 6: an IPv6 address stands in brackets, and a port may be anything. XFF has both ways.
_NODE = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::[0-9A-Za-z._-]+)?|([0-9A-Fa-f:.]+)")


class Forwarded:
    """Tells the address a request came from, as far as trusted proxies vouch for it."""

    def __init__(self, settings: ForwardedSettings) -> None:
        self._networks = settings.trusted_proxies
        self._header = settings.header.encode()
        self._hops: Callable[[str], Iterator[str]] = (
            _forwarded if settings.header == "forwarded" else _x_forwarded_for
        )
        self._is_trusted = lru_cache(_REMEMBERED)(self._look)

    def address(self, scope: Scope) -> str:
        """Return the rightmost address that is no trusted proxy's, the peer's where there is none.

        An address that is hidden or malformed ends the list (RFC 7239, 6.3): what is known is the
        proxy that wrote it.
        """
        known = _normal(scope["client"][0])
        for hop in self._told(scope):
            if not self._is_trusted(known) or (address := _address(hop)) is None:
                break
            known = address
        return known

    def _told(self, scope: Scope) -> Iterator[str]:
        """Yield what the header says, from its right end; several lines are one list."""
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
    """Yield the `for` of each element (RFC 7239, 4); `unknown` where it has none of its own."""
    return (piece and _for(piece) for piece in _pieces(line, quoted=True))


def _pieces(line: str, *, quoted: bool) -> Iterator[str]:
    """Split at commas, from the right, but not inside quotes.

    From the right, so that a quote which a caller leaves open does not swallow what a proxy wrote.
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
    """Return the pairs of an element, none where it is malformed."""
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
    """Return the address of a node, without its port; None for `unknown` and hidden ones."""
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
    """Return an IPv4 address in IPv6 clothes as itself: a listener on `::` shows it like this."""
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip
