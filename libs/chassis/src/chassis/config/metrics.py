"""The configuration's metrics, read from the live configuration at each scrape."""

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
    """Tells which version is active, whether the last reload worked, and what is pending."""

    def __init__(self, live: LiveConfig[Any]) -> None:
        self._live = live

    def collect(self) -> Iterator[Metric]:
        """Yield the families, names as trusted systems have them."""
        status, current = self._live.status, self._live.current
        yield GaugeMetricFamily(
            "config_last_reload_successful",
            "Whether what was mounted last was taken (1) or refused (0).",
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
            "How long reloads took, taken or refused.",
            status.durations_count,
            status.durations_sum,
        )
        yield self._reloads()
        active = {"hash": current.hash, "profiles": ",".join(current.profiles)}
        yield InfoMetricFamily("config", "The active configuration.", active)
        yield from self._labelled()

    def _reloads(self) -> Metric:
        family = CounterMetricFamily(
            "config_reloads", "Changes seen, by what became of them.", labels=["result", "reason"]
        )
        for (result, reason), count in self._live.status.counts.items():
            family.add_metric([result, reason], count)
        return family

    def _labelled(self) -> Iterator[Metric]:
        status = self._live.status
        pending = GaugeMetricFamily(
            "config_pending_hash",
            "The version that is mounted and not active; absent where there is none.",
            labels=["hash"],
        )
        if status.pending_hash:
            pending.add_metric([status.pending_hash], 1)
        yield pending
        mode = GaugeMetricFamily(
            "config_watch_mode", "How changes are noticed: event, polling or off.", labels=["mode"]
        )
        mode.add_metric([status.watch_mode], 1)
        yield mode
