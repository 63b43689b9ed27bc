"""The supported API servers accept every object, and no object has unknown fields."""

from typing import Any

import pytest

from manifests.checks.schema import SUPPORTED, schema_findings
from manifests.samples import API, DEPLOYMENT, VERSIONED, needs_weights
from manifests.suite_manifests import REMOVED, Manifests, title

REST = DEPLOYMENT
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
        (f"ConfigMap/{API.name}", "data.replicas", 2),
        (title(next(API.of("PodDisruptionBudget"))), "spec.maxUnavailabe", 1),
    ],
)
def test_an_unknown_missing_or_mistyped_field_is_found(
    base: Manifests, version: str, target: str, path: str, value: Any
) -> None:
    (finding,) = schema_findings(base.changed(target, path, value), version)
    assert finding.startswith(f"{target}: ")


@pytest.mark.parametrize(
    ("target", "path", "value"),
    [
        ("Gateway/suite", "spec.gatewayClass", "suite"),
        ("Gateway/suite", "spec.gatewayClassName", REMOVED),
        pytest.param(
            f"HTTPRoute/{VERSIONED.name}",
            "spec.rules.0.backendRefs.0.weight",
            "90",
            marks=needs_weights,
        ),
        ("PodMonitor/suite", "spec.podMetricsEndpoints.0.interval", "15 s"),
        ("PrometheusRule/suite", "spec.groups.0.rules.0.expression", "up == 0"),
        ("Gateway/suite", "apiVersion", "gateway.networking.k8s.io/v1alpha2"),
    ],
)
def test_a_custom_resource_that_its_definition_refuses_is_found(
    everything: Manifests, target: str, path: str, value: Any
) -> None:
    (finding,) = schema_findings(everything.changed(target, path, value), NEWEST)
    assert finding.startswith(f"{target}: ")
