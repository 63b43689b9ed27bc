"""The components for placement affect exactly their pods."""

from typing import Any

import pytest

from manifests.checks.placement import affinity_findings, priority_findings
from manifests.samples import DEPLOYMENT, needs_production
from manifests.suite_manifests import REMOVED, Manifests

CAS, REST = "Deployment/cas-server-deployment", DEPLOYMENT
AFFINITY = "spec.template.spec.affinity"
TERM = (
    f"{AFFINITY}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution"
    ".nodeSelectorTerms.0.matchExpressions.0"
)
CLASS = "spec.template.spec.priorityClassName"


def test_services_run_on_their_dedicated_nodes(everything: Manifests) -> None:
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


def test_pods_of_the_token_path_have_the_highest_priority(everything: Manifests) -> None:
    assert list(priority_findings(everything)) == []


@needs_production
def test_a_service_with_the_priority_of_the_token_path_is_found(everything: Manifests) -> None:
    early = everything.changed(REST, CLASS, "suite-token-path")
    assert list(priority_findings(early)) == [f"{REST}: PriorityClass suite-token-path"]


def test_a_wrong_or_missing_priority_class_is_found(everything: Manifests) -> None:
    late = everything.changed(CAS, CLASS, REMOVED)
    nameless = everything.changed(CAS, CLASS, "suite")
    assert list(priority_findings(late)) == [f"{CAS}: PriorityClass None"]
    assert list(priority_findings(nameless)) == [f"{CAS}: no PriorityClass suite"]
