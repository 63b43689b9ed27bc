"""The probes ask what the management port answers."""

from typing import Any

import pytest

from chassis import LiveConfig
from chassis.config import ConfigSource
from chassis.management import ManagementApp
from diff_ns_service.app import create_app
from diff_ns_service.settings import DiffNsSettings
from manifests.checks.probes import probe_findings
from manifests.suite_manifests import REMOVED, Manifests

Routes = frozenset[str]
REST = "Deployment/rest-service-deployment"
CONTAINER = "spec.template.spec.containers.0"


@pytest.fixture(scope="module")
def routes() -> Routes:
    """Return what the management port of a real service answers."""
    live = LiveConfig.load(ConfigSource("diff-ns-service"), DiffNsSettings)
    return frozenset(ManagementApp(create_app(live).state.chassis).pages)


def test_every_probe_is_answered(base: Manifests, routes: Routes) -> None:
    assert list(probe_findings(base, routes)) == []


@pytest.mark.parametrize(
    ("path", "value", "finding"),
    [
        ("startupProbe", REMOVED, "startupProbe: missing"),
        ("readinessProbe.httpGet.path", "/ready", "/ready is no route"),
        ("readinessProbe.httpGet.path", "/livez", "/livez answers another question"),
        ("livenessProbe.httpGet.port", "rest", "asks the API port"),
        ("livenessProbe.httpGet.port", "admin", "no port admin"),
    ],
)
def test_a_probe_that_gets_no_answer_is_found(
    base: Manifests, routes: Routes, path: str, value: Any, finding: str
) -> None:
    changed = base.changed(REST, f"{CONTAINER}.{path}", value)
    assert finding in "\n".join(probe_findings(changed, routes))


def test_a_port_without_name_of_redis_is_found(base: Manifests, routes: Routes) -> None:
    changed = base.changed("Deployment/redis-deployment", f"{CONTAINER}.ports.0.name", "db")
    assert len(list(probe_findings(changed, routes))) == 3
