"""Who gets which address: a claimed 127.x.0.0/16, or one address with differing ports."""

import errno
import itertools
import socket
import sys
import zlib
from typing import Protocol

from localkube.errors import LocalkubeError

HOST = "127.0.0.1"
_NETWORKS = range(10, 250)
_SERVICES = 128


class Addresses(Protocol):
    """Gives pods and Services what they listen on."""

    source_addresses: bool
    """Whether a caller can be told by its address."""

    def pod_ip(self) -> str:
        """Return a new pod's address."""
        ...

    def pod_port(self, port: int) -> int:
        """Return where a pod listens for a containerPort."""
        ...

    def service_ip(self) -> str:
        """Return a new Service's address."""
        ...

    def service_ports(self, port: int) -> tuple[int, ...]:
        """Return where a Service listens for a port, best first."""
        ...


class LoopbackAddresses:
    """Each pod and Service has an address of its own in a 127.x.0.0/16 nobody else has.

    The claim is an abstract socket's name: the kernel holds it as long as a process of ours
    lives, and knows it machine-wide, whoever the user is.
    """

    source_addresses = True

    def __init__(self, preference: str) -> None:
        self.claim, self._network = _claim(preference)
        self._pods = itertools.count(2)
        self._services = itertools.count(1)

    def pod_ip(self) -> str:
        """Return the next pod's address; they come round again after 32,000."""
        high, low = divmod(next(self._pods) % (_SERVICES * 250), 250)
        return f"127.{self._network}.{high}.{low + 2}"

    def pod_port(self, port: int) -> int:
        """Return the port itself."""
        return port

    def service_ip(self) -> str:
        """Return the next Service's address."""
        high, low = divmod(next(self._services), 250)
        return f"127.{self._network}.{_SERVICES + high}.{low + 1}"

    def service_ports(self, port: int) -> tuple[int, ...]:
        """Return the port, and for 80 what an ordinary user may bind instead."""
        return (port, 8080) if port == 80 else (port,)  # noqa: PLR2004  # HTTP's own port


class PortAddresses:
    """Everything has 127.0.0.1 and ports of its own: where only that address exists."""

    source_addresses = False

    def pod_ip(self) -> str:
        """Return the only address."""
        return HOST

    def pod_port(self, port: int) -> int:
        """Return a free port for a containerPort."""
        del port
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            return int(probe.getsockname()[1])

    def service_ip(self) -> str:
        """Return the only address."""
        return HOST

    def service_ports(self, port: int) -> tuple[int, ...]:
        """Let the kernel choose."""
        del port
        return (0,)


def default_mode() -> str:
    """Return `loopback` where all of 127.0.0.0/8 can be bound, else `ports`."""
    if not sys.platform.startswith("linux"):
        return "ports"
    with socket.socket() as probe:
        try:
            probe.bind(("127.9.9.9", 0))
        except OSError:
            return "ports"
    return "loopback"


def _claim(preference: str) -> tuple[socket.socket, int]:
    first = zlib.crc32(preference.encode()) % len(_NETWORKS)
    for network in [*_NETWORKS[first:], *_NETWORKS[:first]]:
        holder = socket.socket(socket.AF_UNIX)
        try:
            holder.bind(f"\0localkube-127.{network}")
        except OSError as error:
            holder.close()
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return holder, network
    raise LocalkubeError("every 127.x.0.0/16 is taken; end a suite: localkube down --state DIR")
