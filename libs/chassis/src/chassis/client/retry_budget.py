"""A budget of retries, so that retries do not prolong an outage."""

import time
from collections.abc import Callable


class RetryBudget:
    """A token bucket: each call earns `ratio` of a token, each retry costs one.

    In a lasting outage retries add at most `ratio` to the load, plus `floor` a second so that a
    rarely used client can retry. The bucket starts full. `capacity` should be a multiple of the
    pool's size: a killed replica may break every connection at once.
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
        """Take a token for one retry; return False if there is none."""
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
