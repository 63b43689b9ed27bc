"""Limits that the connections of a process share."""

import random
from dataclasses import dataclass


class ByteBudget:
    """A limit on the memory of all request bodies, in bytes."""

    __slots__ = ("limit", "used")

    def __init__(self, limit: int) -> None:
        self.limit, self.used = limit, 0


class Share:
    """The part of a budget that one owner has taken."""

    __slots__ = ("_budget", "taken")

    def __init__(self, budget: ByteBudget) -> None:
        self._budget, self.taken = budget, 0

    def take(self, size: int) -> bool:
        """Take `size` bytes; return False and take nothing if they exceed the limit."""
        budget = self._budget
        if budget.used + size > budget.limit:
            return False
        budget.used += size
        self.taken += size
        return True

    def give_back(self) -> None:
        """Release all bytes."""
        self._budget.used -= self.taken
        self.taken = 0


_AGE_JITTER = 0.25


@dataclass(slots=True)
class ConnectionPolicy:
    """The limits of a server's connections, in seconds; `draining` changes at runtime."""

    receive_deadline: float
    max_age: float
    budget: ByteBudget
    """Shared by all connections of the process."""
    max_request: int = 8 * 1024 * 1024
    """Bytes of one request on the wire, including chunk framing and trailers."""
    draining: bool = False

    def age_limit(self) -> float:
        """Return a connection's maximum age, jittered so that not all close at once."""
        return self.max_age * random.uniform(1 - _AGE_JITTER, 1 + _AGE_JITTER)  # noqa: S311 - no secret
