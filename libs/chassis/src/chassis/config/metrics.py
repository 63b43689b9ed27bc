"""The configuration's metrics, collected at each scrape."""

from collections.abc import Iterator
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    SummaryMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from chassis.config.live import LiveConfig


class ConfigCollector(Collector):
    """Report the active version, the result of the last reload, and a pending version."""

    def __init__(self, live: LiveConfig[Any]) -> None:
        self._live = live

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics, with names in the style of Prometheus' own."""
        status, current = self._live.status, self._live.current
        yield GaugeMetricFamily(
            "config_last_reload_successful",
            "Whether the last mounted configuration was accepted (1) or rejected (0).",
            float(status.last_successful),
        )
        yield GaugeMetricFamily(
            "config_last_reload_success_timestamp_seconds",
            "When the active configuration was loaded.",
            current.loaded_at,
        )
        yield GaugeMetricFamily(
            "config_restart_required",
            "Whether a change takes effect at the next start only.",
            float(status.restart_required),
        )
        yield SummaryMetricFamily(
            "config_reload_duration_seconds",
            "Duration of reloads, accepted or rejected.",
            status.durations_count,
            status.durations_sum,
        )
        yield self._reloads()
        active = {"hash": current.hash, "profiles": ",".join(current.profiles)}
        yield InfoMetricFamily("config", "The active configuration.", active)
        yield from self._labelled()

    def _reloads(self) -> Metric:
        family = CounterMetricFamily(
            "config_reloads", "Detected changes by result.", labels=["result", "reason"]
        )
        for (result, reason), count in self._live.status.counts.items():
            family.add_metric([result, reason], count)
        return family

    def _labelled(self) -> Iterator[Metric]:
        status = self._live.status
        pending = GaugeMetricFamily(
            "config_pending_hash",
            "The version that is mounted but not active; absent if there is none.",
            labels=["hash"],
        )
        if status.pending_hash:
            pending.add_metric([status.pending_hash], 1)
        yield pending
        mode = GaugeMetricFamily(
            "config_watch_mode", "How changes are detected: event, polling or off.", labels=["mode"]
        )
        mode.add_metric([status.watch_mode], 1)
        yield mode
