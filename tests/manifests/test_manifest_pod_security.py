"""The Pod Security Standard *restricted* admits every pod."""

from typing import Any

import pytest

from manifests.checks.pod_security import namespace_findings, restricted_findings
from manifests.samples import API, DEPLOYMENT
from manifests.suite_manifests import REMOVED, Manifests

REST = DEPLOYMENT
POD = "spec.template.spec"
CONTAINER = f"{POD}.containers.0"


def test_every_pod_is_restricted(base: Manifests) -> None:
    assert list(restricted_findings(base)) == []


@pytest.mark.parametrize(
    ("path", "value", "finding"),
    [
        (f"{POD}.hostNetwork", True, "hostNetwork"),
        (f"{POD}.hostPID", True, "hostPID"),
        (f"{POD}.hostIPC", True, "hostIPC"),
        (f"{POD}.volumes.0", {"name": "x", "hostPath": {"path": "/"}}, "volume x of kind"),
        (f"{POD}.securityContext.sysctls", [{"name": "kernel.msgmax", "value": "1"}], "sysctls"),
        (f"{POD}.securityContext.windowsOptions", {"hostProcess": True}, "hostProcess"),
        (f"{POD}.securityContext.runAsNonRoot", REMOVED, "runAsNonRoot"),
        (f"{POD}.securityContext.runAsUser", 0, "runs as root"),
        (f"{POD}.securityContext.seccompProfile", REMOVED, "seccomp"),
        (f"{CONTAINER}.securityContext.seccompProfile", {"type": "Unconfined"}, "seccomp"),
        (f"{CONTAINER}.securityContext.privileged", True, "privileged"),
        (f"{CONTAINER}.securityContext.allowPrivilegeEscalation", REMOVED, "PrivilegeEscalation"),
        (f"{CONTAINER}.securityContext.capabilities.drop", ["KILL"], "not dropped"),
        (f"{CONTAINER}.securityContext.capabilities.add", ["SYS_ADMIN"], "added"),
        (f"{CONTAINER}.securityContext.runAsNonRoot", False, "runAsNonRoot"),
        (f"{CONTAINER}.securityContext.procMount", "Unmasked", "procMount"),
        (f"{CONTAINER}.ports.0.hostPort", 2001, "hostPort"),
        (f"{CONTAINER}.livenessProbe.httpGet.host", "127.0.0.1", "livenessProbe names a host"),
        (f"{POD}.initContainers", [{"name": "bare"}], "bare: allowPrivilegeEscalation"),
    ],
)
def test_pods_that_admission_refuses_are_found(
    base: Manifests, path: str, value: Any, finding: str
) -> None:
    assert finding in "\n".join(restricted_findings(base.changed(REST, path, value)))


def test_every_namespace_enforces_the_standard(base: Manifests) -> None:
    assert list(namespace_findings(base)) == []


def test_a_namespace_with_a_weaker_standard_is_found(base: Manifests) -> None:
    target = f"Namespace/{API.namespace}"
    changed = base.changed(target, "metadata.labels", {})
    assert list(namespace_findings(changed)) == [f"{target}: does not enforce restricted"]
