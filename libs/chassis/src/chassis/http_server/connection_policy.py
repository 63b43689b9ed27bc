"""The bounds that all connections of a server share."""

import random
from dataclasses import dataclass

from chassis.http_server.byte_budget import ByteBudget

_AGE_JITTER = 0.25


@dataclass(slots=True)
class ConnectionPolicy:
    """The bounds of a server's connections, in seconds; `draining` changes as it runs."""

    receive_deadline: float
    max_age: float
    budget: ByteBudget
    """Shared by all connections of the process."""
    max_request: int = 8 * 1024 * 1024
    """Bytes of one request on the wire, its chunks' framing and trailers included."""
    draining: bool = False

    def age_limit(self) -> float:
        """Return one connection's maximum age: spread, so that not all close at once."""
        return self.max_age * random.uniform(1 - _AGE_JITTER, 1 + _AGE_JITTER)  # noqa: S311 - no secret
