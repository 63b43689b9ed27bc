"""The API servers we support accept every object, unknown fields included."""

from typing import Any

import pytest

from manifests.checks.schema import SUPPORTED, schema_findings
from manifests.suite_manifests import REMOVED, Manifests

REST = "Deployment/rest-service-deployment"
OLDEST, NEWEST = SUPPORTED[0], SUPPORTED[-1]


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_object_is_valid_for_the_oldest_and_the_newest_api_server(
    base: Manifests, version: str
) -> None:
    assert list(schema_findings(base, version)) == []


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize(
    ("target", "path", "value"),
    [
        (REST, "spec.template.spec.containers.0.readynessProbe", {}),
        (REST, "spec.replicas", "two"),
        (REST, "spec.selector", REMOVED),
        ("Service/redis", "spec.ports.0.port", REMOVED),
        ("ConfigMap/rest-service", "data.replicas", 2),
        ("PodDisruptionBudget/rest-service", "spec.maxUnavailabe", 1),
    ],
)
def test_an_unknown_missing_or_mistyped_field_is_found(
    base: Manifests, version: str, target: str, path: str, value: Any
) -> None:
    (finding,) = schema_findings(base.changed(target, path, value), version)
    assert finding.startswith(f"{target}: ")
