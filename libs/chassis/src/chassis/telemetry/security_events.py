"""Count the security events of one application, and rate-limit their log lines."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

MAX_LINES = 1_000
"""The burst of log lines per event."""
LINES_PER_S = 20
"""The sustained rate of log lines per event."""


class SecurityEvents(Collector):
    """Count events by name, and rate-limit the lines of each, so that no caller can fill the log.

    Otherwise a caller that fails ten times a second all day would push older lines out of the
    node's log. The limits are separate, so that no event hides another one.
    """

    def __init__(
        self,
        names: Iterable[str],
        registry: CollectorRegistry,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kinds = {name: _Kind(clock()) for name in names}
        self._clock = clock
        registry.register(self)

    def observe(self, name: str) -> int | None:
        """Count an event; return the number of lines left out before it, None to omit its own."""
        return self._kinds[name].observe(self._clock())

    @contextmanager
    def receiving(self) -> Iterator[None]:
        """Count the events of the block, and of the tasks that it starts, here."""
        outer = background_events.set(self)
        try:
            yield
        finally:
            background_events.reset(outer)

    def collect(self) -> Iterator[Metric]:
        """Yield the counter; every series starts at 0, so that `rate()` sees the first event."""
        family = CounterMetricFamily(
            "security_events", "Security events in the audit log.", labels=["event"]
        )
        for name, kind in self._kinds.items():
            family.add_metric([name], kind.count)
        yield family


background_events: ContextVar[SecurityEvents | None] = ContextVar("background_events", default=None)
"""The counters of the application that started this task; within a request its trace has them."""


class _Kind:
    """The count of one event, and a token bucket for its lines."""

    __slots__ = ("_left_out", "_lines", "_since", "count")

    def __init__(self, now: float) -> None:
        self.count = 0
        self._lines, self._since = float(MAX_LINES), now
        self._left_out = 0

    def observe(self, now: float) -> int | None:
        self.count += 1
        self._lines = min(MAX_LINES, self._lines + (now - self._since) * LINES_PER_S)
        self._since = now
        if self._lines < 1:
            self._left_out += 1
            return None
        self._lines -= 1
        left_out, self._left_out = self._left_out, 0
        return left_out
