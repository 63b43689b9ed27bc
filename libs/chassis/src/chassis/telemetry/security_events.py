"""The security events of one application: each is counted, and so many of a kind are written."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

MAX_LINES = 1_000
"""Lines of one event at once."""
LINES_PER_S = 20
"""Lines of one event that come back each second: what a flood of it may write for hours."""


class SecurityEvents(Collector):
    """Count events by name, and bound the lines of each, so that no caller can fill the log.

    A caller that fails ten times a second all day would else push out of the node's log what
    happened before; the bounds are apart, so that no event hides another one.
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
        """Count one; return how many lines before it were left out, None where its own is."""
        return self._kinds[name].observe(self._clock())

    @contextmanager
    def receiving(self) -> Iterator[None]:
        """Have what happens in the block, and in tasks that it starts, counted here."""
        outer = background_events.set(self)
        try:
            yield
        finally:
            background_events.reset(outer)

    def collect(self) -> Iterator[Metric]:
        """Yield the counter, a series of each event from the start: a rate sees the first one."""
        family = CounterMetricFamily(
            "security_events", "Security events, as the audit log has them.", labels=["event"]
        )
        for name, kind in self._kinds.items():
            family.add_metric([name], kind.count)
        yield family


background_events: ContextVar[SecurityEvents | None] = ContextVar("background_events", default=None)
"""Where the application counts whose task this is; of a request its trace knows."""


class _Kind:
    """The count of one event, and how many lines of it may be written now (a token bucket)."""

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
