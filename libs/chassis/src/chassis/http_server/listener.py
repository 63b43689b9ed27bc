"""The listening sockets of a service."""

import contextlib
import ipaddress
import socket
from collections.abc import Iterator

_BACKLOG = 2048
_RECEIVE_BUFFER = 32 * 1024
"""Bytes of the receive buffer (SO_RCVBUF), which all connections inherit.

One read takes the whole buffer. With the system's default of megabytes, a few hundred sockets
could deliver more in one iteration of the event loop than the byte budget allows.
"""


class ListenError(Exception):
    """The port can't be bound; the message says in one line why and what to do."""


@contextlib.contextmanager
def listening(address: str, port: int, *, setting: str) -> Iterator[socket.socket]:
    """Bind a port (0: any free one); raise `ListenError`, which names the setting to change.

    An IPv6 address may have brackets; `::` accepts IPv4 connections too.
    """
    host = address.removeprefix("[").removesuffix("]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server(
            (host, port),
            family=family,
            backlog=_BACKLOG,
            dualstack_ipv6=_is_any(host) and socket.has_dualstack_ipv6(),
        )
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ListenError(f"can't listen on {address}:{port}: {reason}; set {setting}") from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        yield listener


def _is_any(host: str) -> bool:
    """Return whether an address is IPv6's "any", in any notation."""
    try:
        return ipaddress.ip_address(host) == ipaddress.IPv6Address("::")
    except ValueError:
        return False


def plain_address(host: str) -> str:
    """Return an IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2), as `::` reports it, as IPv4."""
    return host.removeprefix("::ffff:") if "." in host else host
