"""The configuration's metrics, read from the live configuration at each scrape."""

from collections.abc import Iterator
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from chassis.config.live import LiveConfig


class ConfigCollector(Collector):
    """Tells which version is active, whether the last reload worked, and what is pending."""

    def __init__(self, live: LiveConfig[Any]) -> None:
        self._live = live

    def collect(self) -> Iterator[Metric]:
        """Yield the families, names as trusted systems have them."""
        state, current = self._live.state, self._live.current
        yield _gauge(
            "config_last_reload_successful",
            "Whether the last reload attempt was taken (1) or refused (0).",
            state.last_successful,
        )
        yield _gauge(
            "config_last_reload_success_timestamp_seconds",
            "When the active configuration was loaded.",
            current.loaded_at,
        )
        yield _gauge(
            "config_reload_duration_seconds",
            "How long the last reload took.",
            state.last_duration,
        )
        yield _gauge(
            "config_restart_required",
            "Whether a change waits for a restart.",
            state.restart_required,
        )
        yield self._reloads()
        yield _info("config", hash=current.hash, profiles=",".join(current.profiles))
        yield _labelled("config_pending_hash", "hash", state.pending_hash, bool(state.pending_hash))
        yield _labelled("config_watch_mode", "mode", state.watch_mode, value=True)

    def _reloads(self) -> CounterMetricFamily:
        family = CounterMetricFamily(
            "config_reloads", "Reload attempts.", labels=["result", "reason"]
        )
        for (result, reason), count in (self._live.state.counts or {}).items():
            family.add_metric([result, reason], count)
        return family


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=float(value))


def _labelled(name: str, label: str, text: str, value: bool) -> GaugeMetricFamily:  # noqa: FBT001 - a gauge's value
    family = GaugeMetricFamily(
        name, f"The {label} in the label; 0 where there is none.", labels=[label]
    )
    family.add_metric([text], float(value))
    return family


def _info(name: str, **labels: str) -> InfoMetricFamily:
    return InfoMetricFamily(name, "The active configuration.", value=labels)
