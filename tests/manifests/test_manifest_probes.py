"""The probes use paths that the management port serves."""

from typing import Any

import pytest

from chassis.app.management import MANAGEMENT_PATHS
from manifests.checks.probes import probe_findings
from manifests.samples import DEPLOYMENT
from manifests.suite_manifests import REMOVED, Manifests

REST = DEPLOYMENT
CONTAINER = "spec.template.spec.containers.0"
ROUTES = frozenset(MANAGEMENT_PATHS)


def test_every_probe_has_a_handler(base: Manifests) -> None:
    assert list(probe_findings(base, ROUTES)) == []


@pytest.mark.parametrize(
    ("path", "value", "finding"),
    [
        ("startupProbe", REMOVED, "startupProbe: missing"),
        ("readinessProbe.httpGet.path", "/ready", "/ready is not a route"),
        ("readinessProbe.httpGet.path", "/livez", "/livez is the path of another probe"),
        ("livenessProbe.httpGet.port", "rest", "asks the API port"),
        ("livenessProbe.httpGet.port", "admin", "no port admin"),
    ],
)
def test_a_probe_without_a_handler_is_found(
    base: Manifests, path: str, value: Any, finding: str
) -> None:
    changed = base.changed(REST, f"{CONTAINER}.{path}", value)
    assert finding in "\n".join(probe_findings(changed, ROUTES))


def test_an_unnamed_port_of_redis_is_found(base: Manifests) -> None:
    changed = base.changed("Deployment/redis-deployment", f"{CONTAINER}.ports.0.name", "db")
    assert len(list(probe_findings(changed, ROUTES))) == 3
