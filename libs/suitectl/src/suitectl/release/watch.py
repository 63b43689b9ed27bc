"""Watches a new version by its own probes, and fails as soon as it exceeds a limit.

A step sends `sample` probes. The limits are budgets of them: `error_rate` of them may fail, and
one in twenty may be slower than the latency limit, which is what a 95th percentile allows. The
first response beyond a budget decides, so that a bad version is caught after a few responses.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from suitectl.errors import ReleaseFailedError
from suitectl.release.probes import Probe, failures, percentile

SAMPLE = 100
ERROR_RATE = 0.01
SLOWER = 2.0
MARGIN_MS = 100.0
P95, P99 = 0.95, 0.99


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a new version; without `latency_ms` the old version's latency is the base."""

    sample: int = SAMPLE
    error_rate: float = ERROR_RATE
    latency_ms: float | None = None

    @property
    def failures(self) -> int:
        """Return how many probes may fail."""
        return int(self.error_rate * self.sample + 1e-9)

    @property
    def slow(self) -> int:
        """Return how many probes may be over the latency limit."""
        return int((1 - P95) * self.sample + 1e-9)


@dataclass(slots=True)
class Watch:
    """Watches one version in one step; `baseline` are the old version's seconds so far."""

    version: str
    base: str
    limits: Limits
    baseline: list[float]
    probes: list[Probe] = field(default_factory=list)
    others: list[Probe] = field(default_factory=list)

    def __call__(self, probe: Probe) -> None:
        """Record a result; raise `ReleaseFailedError` for the one that exceeds a limit."""
        if probe.base != self.base:
            self.others.append(probe)
            if probe.version not in {None, self.version}:
                self.baseline.append(probe.seconds)
        elif probe.version in {None, self.version}:
            self.probes.append(probe)
            self._judge()

    @property
    def latency_ms(self) -> float:
        """Return the current latency limit; without a baseline only failures count."""
        if self.limits.latency_ms is not None:
            return self.limits.latency_ms
        if not self.baseline:
            return float("inf")
        return percentile(self.baseline, P95) * 1000 * SLOWER + MARGIN_MS

    def summary(self) -> Sequence[str]:
        """Return the results, each in one line."""
        seconds = [probe.seconds for probe in self.probes]
        p95, p99 = (percentile(seconds, part) * 1000 for part in (P95, P99))
        failed = sum(probe.version is None for probe in self.others)
        failures_seen = f"{self._failed} of {len(self.probes)} probes of its own failed"
        allowed = f"(limit {self.limits.failures})"
        return (
            f"{self.version}: {failures_seen} {allowed}, p95 {p95:.0f} ms, p99 {p99:.0f} ms",
            f"p95 limit: {self._limit}",
            f"at the Service {failed} of {len(self.others)} failed",
        )

    def _judge(self) -> None:
        probed = len(self.probes)
        if self._failed > self.limits.failures:
            raise ReleaseFailedError(
                f"{self.version} failed {self._failed} of {probed} probes, the limit is"
                f" {self.limits.failures} of {self.limits.sample} ({failures(self.probes)})"
            )
        limit = self.latency_ms
        slow = sum(probe.seconds * 1000 > limit for probe in self.probes)
        if slow > self.limits.slow:
            raise ReleaseFailedError(
                f"{slow} of {probed} probes of {self.version} took over {self._limit},"
                f" the limit is {self.limits.slow} of {self.limits.sample}"
            )

    @property
    def _failed(self) -> int:
        return sum(probe.version is None for probe in self.probes)

    @property
    def _limit(self) -> str:
        if self.latency_ms == float("inf"):
            return "none: nothing to compare with"
        how = "" if self.limits.latency_ms is not None else _how(self.baseline)
        return f"{self.latency_ms:.0f} ms{how}"


def _how(baseline: Sequence[float]) -> str:
    p95 = percentile(baseline, P95) * 1000
    return f" = {SLOWER:g} x the old version's p95 of {p95:.0f} ms + {MARGIN_MS:.0f}"
