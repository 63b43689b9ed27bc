"""How many retries may be spent, so that an outage is not made worse by its victims."""

import time
from collections.abc import Callable


class RetryBudget:
    """Hold tokens: each call earns `ratio` of one, each retry costs one.

    In a lasting outage retries add at most `ratio` to the load, plus `floor` a second, which
    lets a rarely used client retry at all. It starts full, and `capacity` should be a multiple
    of the pool's size: as many calls can die at once as there are connections, when the replica
    behind them is killed.
    """

    def __init__(
        self,
        *,
        ratio: float,
        capacity: int,
        floor: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ratio = ratio
        self._capacity = float(capacity)
        self._floor = floor
        self._clock = clock
        self._tokens = float(capacity)
        self._refilled_at = clock()

    def earn(self) -> None:
        """Count a call."""
        self._tokens = min(self._capacity, self._tokens + self._ratio)

    def spend(self) -> bool:
        """Take the token of one retry; False when there is none."""
        self._refill()
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _refill(self) -> None:
        now = self._clock()
        earned = (now - self._refilled_at) * self._floor
        self._tokens = min(self._capacity, self._tokens + earned)
        self._refilled_at = now
