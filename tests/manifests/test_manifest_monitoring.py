"""Every service is scraped, and every alert uses exported metrics."""

import re
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from cas_server.settings import CasSettings
from chassis import LiveConfig
from chassis.app.management import MANAGEMENT_PATHS
from chassis.config.metrics import ConfigCollector
from chassis.telemetry import RequestMetrics
from chassis.telemetry.audit import AuditEvent
from chassis.telemetry.security_events import SecurityEvents
from manifests.checks.monitoring import rule_findings, scrape_findings
from manifests.suite_manifests import Manifests

MONITOR, RULES = "PodMonitor/suite", "PrometheusRule/suite"
ENDPOINT = "spec.podMetricsEndpoints.0"
EXPRESSION = "spec.groups.0.rules.0.expr"
PAGES = frozenset(MANAGEMENT_PATHS)
EVENTS = re.compile(r'event=~?"([^"]*)"')

Exported = tuple[frozenset[str], frozenset[str]]


@pytest.fixture(scope="module")
def exported() -> Exported:
    """Return the names and labels of the series that a service exports."""
    registry = CollectorRegistry()
    RequestMetrics(registry).observe("GET", "/greeting", 200, 0.01)
    SecurityEvents(AuditEvent, registry)
    registry.register(ConfigCollector(LiveConfig.fixed(CasSettings())))
    samples = [sample for family in registry.collect() for sample in family.samples]
    labels = frozenset(label for sample in samples for label in sample.labels)
    return frozenset(sample.name for sample in samples), labels


def test_every_service_is_scraped_at_its_management_port(everything: Manifests) -> None:
    assert list(scrape_findings(everything, PAGES)) == []


@pytest.mark.parametrize(
    ("path", "value", "finding"),
    [
        (
            "spec.namespaceSelector",
            {"matchNames": ["elsewhere"]},
            "cas-server-deployment: not scraped",
        ),
        ("spec.selector.matchLabels", {"app": "nobody"}, "cas-server-deployment: not scraped"),
        (f"{ENDPOINT}.port", "rest", "nothing at rest/metrics"),
        (f"{ENDPOINT}.path", "/actuator/prometheus", "nothing at management/actuator/prometheus"),
    ],
)
def test_a_service_that_is_not_scraped_is_found(
    everything: Manifests, path: str, value: Any, finding: str
) -> None:
    changed = everything.changed(MONITOR, path, value)
    assert finding in "\n".join(scrape_findings(changed, PAGES))


def test_every_alert_uses_exported_metrics(everything: Manifests, exported: Exported) -> None:
    assert list(rule_findings(everything, *exported)) == []


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ((RULES, EXPRESSION, "config_reloaded == 0"), "no metric config_reloaded"),
        ((RULES, EXPRESSION, "rate(requests_total[5m]) > 1"), "no metric requests_total"),
        ((RULES, EXPRESSION, 'config_info{application="a"} == 1'), "no label application"),
        ((RULES, EXPRESSION, "sum by (route) (config_info) > 1"), "no label route"),
        (
            (RULES, "spec.groups.0.rules.0.annotations.summary", "{{ $labels.code }}"),
            "no label code",
        ),
        ((MONITOR, "spec.podTargetLabels", ["version"]), "no label app"),
    ],
)
def test_an_alert_that_can_never_fire_is_found(
    everything: Manifests, exported: Exported, change: tuple[str, str, Any], finding: str
) -> None:
    changed = everything.changed(*change)
    assert finding in "\n".join(rule_findings(changed, *exported))


def test_every_alert_uses_existing_security_events(everything: Manifests) -> None:
    groups = [
        group for rules in everything.of("PrometheusRule") for group in rules["spec"]["groups"]
    ]
    expressions = " ".join(rule["expr"] for group in groups for rule in group["rules"])
    asked = {name for names in EVENTS.findall(expressions) for name in names.split("|")}

    assert AuditEvent.REFRESH_REUSED in asked
    assert asked <= set(AuditEvent)
