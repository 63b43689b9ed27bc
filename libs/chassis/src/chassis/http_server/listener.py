"""The sockets a service listens on."""

import contextlib
import ipaddress
import socket
from collections.abc import Iterator

_BACKLOG = 2048
_RECEIVE_BUFFER = 32 * 1024
"""Bytes that a peer may send ahead of our reading, half of what the system sets aside for them.

All connections inherit it. One read takes what is there: with the system's default of megabytes a
few hundred sockets would hand over more in one turn of the loop than any budget counts.
"""


class ListenError(Exception):
    """Say in one line why a port can't be had, and what to do."""


@contextlib.contextmanager
def listening(address: str, port: int, *, setting: str) -> Iterator[socket.socket]:
    """Bind a port, 0 for a free one; raise `ListenError` naming the setting to change.

    An IPv6 address may stand in brackets; `::` takes connections of both families.
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
    """Say whether an address is IPv6's "any", however it is written."""
    try:
        return ipaddress.ip_address(host) == ipaddress.IPv6Address("::")
    except ValueError:
        return False


def plain_address(host: str) -> str:
    """Return a caller's IPv4 address where `::` shows it as mapped (RFC 4291, 2.5.5.2).

    So that whoever calls has one address, whatever the service listens at.
    """
    return host.removeprefix("::ffff:") if "." in host else host
