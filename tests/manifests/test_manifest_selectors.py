"""Selectors, labels and ports of the manifests fit together."""

from typing import Any

import pytest

from manifests.checks.selectors import (
    deployment_selector_findings,
    disruption_budget_findings,
    service_findings,
)
from manifests.samples import API, DEPLOYMENT, V1, V2, VERSIONED
from manifests.suite_manifests import Manifests, title
from sample_services import needs_versions

REST = DEPLOYMENT


def test_every_deployment_owns_exactly_its_pods(base: Manifests) -> None:
    assert list(deployment_selector_findings(base)) == []


@pytest.mark.parametrize(
    ("target", "path", "value", "finding"),
    [
        (REST, "spec.template.metadata.labels.app", "rest", "selector matches []"),
        pytest.param(
            V1,
            "spec.selector.matchLabels",
            {"app": VERSIONED.name},
            V2.partition("/")[2],
            marks=needs_versions,
        ),
        (
            REST,
            "spec.template.spec.topologySpreadConstraints.0.labelSelector.matchLabels.app",
            "rest",
            "does not match its own pods",
        ),
    ],
)
def test_a_selector_that_matches_too_few_or_too_many_pods_is_found(
    base: Manifests, target: str, path: str, value: Any, finding: str
) -> None:
    assert finding in "\n".join(deployment_selector_findings(base.changed(target, path, value)))


def test_every_service_targets_ports_of_its_pods(base: Manifests) -> None:
    assert list(service_findings(base)) == []


@pytest.mark.parametrize(
    ("target", "path", "value", "finding"),
    [
        ("Service/redis", "spec.selector.app", "valkey", "Service/redis: selects no pod"),
        ("Service/redis", "metadata.namespace", "ns-app", "Service/redis: selects no pod"),
        ("Service/redis", "spec.selector", {}, "Service/redis: selects no pod"),
        ("Service/redis", "spec.ports.0.targetPort", "db", "port db is not in"),
        (V1, "spec.template.spec.containers.0.ports.0.name", "http", "is not in"),
    ],
)
def test_a_service_without_pods_or_ports_is_found(
    base: Manifests, target: str, path: str, value: Any, finding: str
) -> None:
    assert finding in "\n".join(service_findings(base.changed(target, path, value)))


def test_every_replicated_deployment_has_its_own_disruption_budget(base: Manifests) -> None:
    assert list(disruption_budget_findings(base)) == []


def test_a_missing_disruption_budget_is_found(base: Manifests) -> None:
    missing = base.without(title(next(API.of("PodDisruptionBudget"))))
    assert list(disruption_budget_findings(missing)) == [f"{REST}: no PodDisruptionBudget"]


@needs_versions
def test_a_shared_disruption_budget_is_found(base: Manifests) -> None:
    shared = base.changed(
        f"PodDisruptionBudget/{VERSIONED.name}-v1",
        "spec.selector.matchLabels",
        {"app": VERSIONED.name},
    )
    assert list(disruption_budget_findings(shared)) == [
        f"PodDisruptionBudget/{VERSIONED.name}-v1: guards 2 Deployments"
    ]
