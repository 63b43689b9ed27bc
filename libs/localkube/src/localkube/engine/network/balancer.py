"""Choose a pod for each new connection: round robin, or by ClientIP affinity."""

import time
from collections import OrderedDict
from dataclasses import dataclass, field

CLIENTS = 10_000
"""Clients stored for ClientIP affinity; the least recently seen is evicted first."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address on which a pod listens."""

    ip: str
    port: int


@dataclass(slots=True)
class Balancer:
    """The endpoints of one Service port; replaced as a whole when pods change."""

    endpoints: tuple[Endpoint, ...] = ()
    affinity_s: float | None = None
    """Seconds of ClientIP affinity; None for round robin."""
    _next: int = 0
    _clients: "OrderedDict[str, tuple[Endpoint, float]]" = field(default_factory=OrderedDict)

    def choose(self, client: str) -> Endpoint | None:
        """Return the endpoint for a new connection of a client address."""
        if not self.endpoints:
            return None
        if self.affinity_s is None:
            return self._round_robin()
        endpoint, seen = self._clients.pop(client, (None, 0.0))
        now = time.monotonic()
        if endpoint not in self.endpoints or now - seen > self.affinity_s:
            endpoint = self._round_robin()
        self._clients[client] = (endpoint, now)
        if len(self._clients) > CLIENTS:
            self._clients.popitem(last=False)
        return endpoint

    def _round_robin(self) -> Endpoint:
        self._next += 1
        return self.endpoints[self._next % len(self.endpoints)]
