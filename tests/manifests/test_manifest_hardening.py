"""Pods have limits and little information, and terminate gracefully."""

from typing import Any

import pytest

from manifests.checks.hardening import (
    hardening_findings,
    rollout_findings,
    service_account_findings,
)
from manifests.samples import API, DEPLOYMENT
from manifests.suite_manifests import REMOVED, Manifests

REST = DEPLOYMENT
POD = "spec.template.spec"
CONTAINER = f"{POD}.containers.0"
SECRET_KEY = {"secretKeyRef": {"name": API.credentials, "key": "password"}}


def test_every_pod_is_hardened(base: Manifests) -> None:
    assert list(hardening_findings(base)) == []


@pytest.mark.parametrize(
    ("path", "value", "finding"),
    [
        (f"{POD}.automountServiceAccountToken", REMOVED, "service account token"),
        (f"{POD}.enableServiceLinks", True, "enableServiceLinks"),
        (f"{POD}.terminationGracePeriodSeconds", 10, "grace period"),
        (f"{POD}.securityContext.runAsUser", 1000, "user id"),
        (f"{POD}.volumes.2.emptyDir.sizeLimit", REMOVED, "no sizeLimit"),
        (f"{CONTAINER}.securityContext.readOnlyRootFilesystem", False, "writable"),
        (f"{CONTAINER}.volumeMounts.2.mountPath", "/var/tmp", "no /tmp"),  # noqa: S108 - in the pod
        (f"{CONTAINER}.resources.limits.memory", REMOVED, "limits without ['memory']"),
        (f"{CONTAINER}.resources.requests.ephemeral-storage", REMOVED, "requests without"),
        (f"{CONTAINER}.env.0", {"name": "P", "valueFrom": SECRET_KEY}, "secret in the environment"),
        (f"{CONTAINER}.volumeMounts.0.subPath", "application.yaml", "never updates"),
    ],
)
def test_a_pod_without_hardening_is_found(
    base: Manifests, path: str, value: Any, finding: str
) -> None:
    assert finding in "\n".join(hardening_findings(base.changed(REST, path, value)))


def test_every_pod_has_its_own_service_account_without_a_token(base: Manifests) -> None:
    assert list(service_account_findings(base)) == []


def test_a_service_account_with_a_token_and_a_pod_without_one_are_found(base: Manifests) -> None:
    path = "automountServiceAccountToken"
    with_token = base.changed(f"ServiceAccount/{API.name}", path, REMOVED)
    assert list(service_account_findings(with_token)) == [
        f"ServiceAccount/{API.name}: mounts a token"
    ]
    nameless = base.changed(REST, f"{POD}.serviceAccountName", REMOVED)
    assert list(service_account_findings(nameless)) == [
        f"{REST}: no ServiceAccount default in {API.namespace}"
    ]


def test_a_rolling_update_never_leaves_fewer_pods_than_desired(base: Manifests) -> None:
    assert list(rollout_findings(base)) == []


def test_a_rolling_update_that_removes_pods_first_is_found(base: Manifests) -> None:
    changed = base.changed(REST, "spec.strategy.rollingUpdate.maxUnavailable", 1)
    assert len(list(rollout_findings(changed))) == 1
