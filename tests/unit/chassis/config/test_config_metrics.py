"""docs/design/runtime.md, "What a reload promises": the metrics by name, and their values."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from structlog.testing import capture_logs

from chassis.config import ConfigCollector
from unit.chassis.config.test_config_live import BROKEN, ONE, TWO, Mounted

pytestmark = pytest.mark.anyio


class Scrape:
    def __init__(self, mounted: Mounted) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(ConfigCollector(mounted.live))

    def value(self, name: str, **labels: str) -> float | None:
        return self._registry.get_sample_value(name, labels)

    def text(self) -> str:
        return generate_latest(self._registry).decode()


async def test_the_gauge_is_0_after_a_refused_reload_and_1_after_a_good_one(tmp_path: Path) -> None:
    mounted = Mounted(tmp_path)
    scrape = Scrape(mounted)
    seen = [scrape.value("config_last_reload_successful")]
    with capture_logs():
        for text in (BROKEN, TWO):
            await mounted.edit(text)
            seen.append(scrape.value("config_last_reload_successful"))

    assert seen == [1.0, 0.0, 1.0]


async def test_every_reload_is_counted_by_result_and_reason(tmp_path: Path) -> None:
    """docs/design/runtime.md, "Mistakes of other reloaders": 1."""
    mounted = Mounted(tmp_path)
    scrape = Scrape(mounted)
    for text in (BROKEN, "a: [", TWO):
        await mounted.edit(text)

    for result, reason in (("failure", "invalid"), ("failure", "parse"), ("success", "change")):
        assert scrape.value("config_reloads_total", result=result, reason=reason) == 1
    assert scrape.value("config_reload_duration_seconds_count") == 3


async def test_the_active_and_the_pending_version_are_separate_metrics(tmp_path: Path) -> None:
    mounted = Mounted(tmp_path)
    scrape = Scrape(mounted)
    await mounted.edit(BROKEN)
    active, pending = mounted.live.current.hash, mounted.live.status.pending_hash

    assert scrape.value("config_info", hash=active, profiles="kubernetes,dev") == 1
    assert scrape.value("config_pending_hash", hash=pending) == 1
    await mounted.edit(ONE)
    assert "config_pending_hash{" not in scrape.text()


async def test_every_promised_metric_exists(tmp_path: Path) -> None:
    text = Scrape(Mounted(tmp_path)).text()

    for name in (
        "config_last_reload_successful 1.0",
        "config_last_reload_success_timestamp_seconds ",
        'config_reloads_total{reason="change",result="success"} 0.0',
        "config_reload_duration_seconds_sum",
        "config_info{",
        "# HELP config_pending_hash ",
        'config_watch_mode{mode="off"} 1.0',
        "config_restart_required 0.0",
    ):
        assert name in text
