"""Allocate addresses and ports: of a claimed 127.x.0.0/16, or ports of 127.0.0.1."""

import itertools
import socket

from localkube.engine.network import loopback_networks

HOST = "127.0.0.1"


class Addresses:
    """Allocates the addresses and ports of pods and Services.

    With `loopback` each has an address of its own in a 127.x.0.0/16 that this localkube claims.
    Without, all share 127.0.0.1 and have ports of their own, for systems with that address only.
    """

    def __init__(self, preference: str, *, loopback: bool) -> None:
        self.loopback = loopback
        self.claim: socket.socket | None = None
        if loopback:
            self.claim, self._network = loopback_networks.claim(preference)
        self._pods, self._services = itertools.count(2), itertools.count(1)

    def pod_ip(self) -> str:
        """Return a new pod's address; addresses repeat after 32,000."""
        high, low = divmod(next(self._pods), 250)
        return f"127.{self._network}.{high % 128}.{low + 2}" if self.loopback else HOST

    def pod_port(self, port: int) -> int:
        """Return the port on which a pod listens for a containerPort."""
        if self.loopback:
            return port
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            return int(probe.getsockname()[1])

    def service_ip(self) -> str:
        """Return a new Service's address."""
        high, low = divmod(next(self._services), 250)
        return f"127.{self._network}.{128 + high}.{low + 1}" if self.loopback else HOST

    def service_ports(self, port: int) -> tuple[int, ...]:
        """Return the candidates for a Service's port: 8080 replaces 80 for an ordinary user."""
        if not self.loopback:
            return (0,)
        return (port, 8080) if port == 80 else (port,)  # noqa: PLR2004  # HTTP's own port
