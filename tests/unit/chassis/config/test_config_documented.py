"""docs/design/style.md, "Tests": every setting and metric is named in docs/."""

import re
from pathlib import Path

from prometheus_client import CollectorRegistry

from chassis.config import ConfigCollector, LiveConfig, ServiceSettings
from setting_keys import setting_keys

PAGE = Path(__file__).parents[4] / "docs" / "configuration.md"


def _documented() -> set[str]:
    return set(re.findall(r"^\| `([a-z0-9-]+\.[a-z0-9.-]+)` \|", PAGE.read_text(), re.MULTILINE))


def test_the_page_names_every_setting_and_no_other() -> None:
    older = {key for key in setting_keys(ServiceSettings) if key.startswith("spring.redis.")}

    assert _documented() == set(setting_keys(ServiceSettings)) - older


def test_the_page_names_every_metric() -> None:
    registry = CollectorRegistry()
    registry.register(ConfigCollector(LiveConfig.fixed(ServiceSettings())))
    page = PAGE.read_text()

    assert [metric.name for metric in registry.collect() if f"`{metric.name}" not in page] == []
