"""docs/design/style.md, "Tests": every setting and metric is named in docs/."""

import re
from pathlib import Path

from prometheus_client import CollectorRegistry

from chassis.config import ConfigCollector, LiveConfig, ServiceSettings
from setting_keys import setting_keys

DOCS = Path(__file__).parents[4] / "docs"


def _documented() -> set[str]:
    chassis, _, _ = (DOCS / "settings.md").read_text().partition("## cas-server")
    return set(re.findall(r"^\| `([a-z0-9-]+\.[a-z0-9.-]+)` \|", chassis, re.MULTILINE))


def test_the_page_names_every_setting_and_no_other() -> None:
    older = {key for key in setting_keys(ServiceSettings) if key.startswith("spring.redis.")}

    assert _documented() == set(setting_keys(ServiceSettings)) - older


def test_the_page_names_every_metric() -> None:
    registry = CollectorRegistry()
    registry.register(ConfigCollector(LiveConfig.fixed(ServiceSettings())))
    page = (DOCS / "observability.md").read_text()

    assert [metric.name for metric in registry.collect() if f"`{metric.name}" not in page] == []
