"""STYLE.md, point 17: every setting and metric is named in docs/."""

import re
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry
from pydantic import BaseModel

from chassis.config import ConfigCollector, LiveConfig, ServiceSettings
from chassis.config.shapes import model_of

PAGE = Path(__file__).parents[4] / "docs" / "configuration.md"


def _keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, info in model.model_fields.items():
        key = f"{prefix}{(info.alias or name).replace('_', '-')}"
        inner = model_of(info.annotation)
        if inner is None:
            yield key
        else:
            yield from _keys(inner, f"{key}.")


def _documented() -> set[str]:
    return set(re.findall(r"^\| `([a-z0-9-]+\.[a-z0-9.-]+)` \|", PAGE.read_text(), re.MULTILINE))


def test_the_page_names_every_setting_and_no_other() -> None:
    older = {key for key in _keys(ServiceSettings) if key.startswith("spring.redis.")}

    assert _documented() == set(_keys(ServiceSettings)) - older


def test_the_page_names_every_metric() -> None:
    registry = CollectorRegistry()
    registry.register(ConfigCollector(LiveConfig.fixed(ServiceSettings())))
    page = PAGE.read_text()

    assert [metric.name for metric in registry.collect() if f"`{metric.name}" not in page] == []
