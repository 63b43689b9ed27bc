"""Who gets which address: a claimed 127.x.0.0/16, or one address with differing ports."""

import itertools
import socket

from localkube.engine.network import loopback_networks

HOST = "127.0.0.1"


class Addresses:
    """Gives pods and Services what they listen on.

    With `loopback` each has an address of its own in a 127.x.0.0/16 nobody else has; without,
    all have 127.0.0.1 and ports of their own: where only that address exists.
    """

    def __init__(self, preference: str, *, loopback: bool) -> None:
        self.loopback = loopback
        self.claim: socket.socket | None = None
        if loopback:
            self.claim, self._network = loopback_networks.claim(preference)
        self._pods, self._services = itertools.count(2), itertools.count(1)

    def pod_ip(self) -> str:
        """Return a new pod's address; they come round again after 32,000."""
        high, low = divmod(next(self._pods), 250)
        return f"127.{self._network}.{high % 128}.{low + 2}" if self.loopback else HOST

    def pod_port(self, port: int) -> int:
        """Return where a pod listens for a containerPort."""
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
        """Return where a Service may listen for a port: 80 is moved for an ordinary user."""
        if not self.loopback:
            return (0,)
        return (port, 8080) if port == 80 else (port,)  # noqa: PLR2004  # HTTP's own port
