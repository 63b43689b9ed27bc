"""The components on placement reach the pods they mean, and no others."""

from typing import Any

import pytest

from manifests.checks.placement import affinity_findings, priority_findings
from manifests.suite_manifests import REMOVED, Manifests

CAS, REST = "Deployment/cas-server-deployment", "Deployment/rest-service-deployment"
AFFINITY = "spec.template.spec.affinity"
TERM = (
    f"{AFFINITY}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
    ".nodeSelectorTerms.0.matchExpressions.0"
)
CLASS = "spec.template.spec.priorityClassName"


def test_services_run_on_the_nodes_set_apart_for_them(everything: Manifests) -> None:
    assert list(affinity_findings(everything)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (AFFINITY, REMOVED),
        (f"{TERM}.key", "app"),
        (f"{TERM}.operator", "NotIn"),
        (f"{TERM}.values", ["yes"]),
    ],
)
def test_pods_that_run_on_other_nodes_are_found(
    everything: Manifests, path: str, value: Any
) -> None:
    (finding,) = affinity_findings(everything.changed(CAS, path, value))
    assert finding.startswith(f"{CAS}: runs where ")


def test_the_token_path_is_placed_first(everything: Manifests) -> None:
    assert list(priority_findings(everything)) == []


def test_a_pod_placed_too_early_or_too_late_or_of_no_class_is_found(
    everything: Manifests,
) -> None:
    early = everything.changed(REST, CLASS, "suite-token-path")
    late = everything.changed(CAS, CLASS, REMOVED)
    nameless = everything.changed(CAS, CLASS, "suite")
    assert list(priority_findings(early)) == [f"{REST}: PriorityClass suite-token-path"]
    assert list(priority_findings(late)) == [f"{CAS}: PriorityClass None"]
    assert list(priority_findings(nameless)) == [f"{CAS}: no PriorityClass suite"]
