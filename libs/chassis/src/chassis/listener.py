"""The sockets a service listens on."""

import contextlib
import socket
from collections.abc import Iterator

_BACKLOG = 2048


class ListenError(Exception):
    """Say in one line why a port can't be had, and what to do."""


@contextlib.contextmanager
def listening(address: str, port: int, *, setting: str) -> Iterator[socket.socket]:
    """Bind a port, 0 for a free one; raise `ListenError` naming the setting to change."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        listener = socket.create_server((address, port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ListenError(f"can't listen on {address}:{port}: {reason}; set {setting}") from error
    with listener:
        yield listener
