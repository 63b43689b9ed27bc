"""Every pod conforms to the Pod Security Standard *restricted*.

The rules are those of https://kubernetes.io/docs/concepts/security/pod-security-standards/.
"""

from collections.abc import Iterator

from manifests.suite_manifests import Manifest, Manifests, containers, pod_spec, title

VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
SECCOMP = {"RuntimeDefault", "Localhost"}
NAMESPACE_LABEL = "pod-security.kubernetes.io/enforce"


def restricted_findings(manifests: Manifests) -> Iterator[str]:
    """Return pods that admission would refuse, with the reason."""
    for workload in manifests.workloads():
        for finding in _pod_findings(pod_spec(workload)):
            yield f"{title(workload)}: {finding}"
        for container in containers(workload):
            for finding in _container_findings(container, pod_spec(workload)):
                yield f"{title(workload)}: {container['name']}: {finding}"


def namespace_findings(manifests: Manifests) -> Iterator[str]:
    """Return namespaces that do not enforce the standard."""
    for namespace in manifests.of("Namespace"):
        if namespace["metadata"].get("labels", {}).get(NAMESPACE_LABEL) != "restricted":
            yield f"{title(namespace)}: does not enforce restricted"


def _pod_findings(spec: Manifest) -> Iterator[str]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field):
            yield field
    for volume in spec.get("volumes", []):
        if kinds := volume.keys() - {"name"} - VOLUMES:
            yield f"volume {volume['name']} of kind {kinds}"
    context = spec.get("securityContext", {})
    if context.get("sysctls"):
        yield "sysctls"
    if context.get("windowsOptions", {}).get("hostProcess"):
        yield "hostProcess"


def _container_findings(container: Manifest, spec: Manifest) -> Iterator[str]:
    own = container.get("securityContext", {})
    effective = spec.get("securityContext", {}) | own
    capabilities = own.get("capabilities", {})
    if own.get("privileged"):
        yield "privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation is not false"
    if "ALL" not in capabilities.get("drop", []):
        yield "capabilities are not dropped"
    if set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
        yield "capabilities are added"
    if effective.get("runAsNonRoot") is not True:
        yield "runAsNonRoot is not true"
    if effective.get("runAsUser") == 0:
        yield "runs as root"
    if effective.get("seccompProfile", {}).get("type") not in SECCOMP:
        yield "no seccomp profile"
    if own.get("procMount", "Default") != "Default":
        yield "procMount"
    yield from _host_findings(container)


def _host_findings(container: Manifest) -> Iterator[str]:
    if any("hostPort" in port for port in container.get("ports", [])):
        yield "hostPort"
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        if "host" in container.get(probe, {}).get("httpGet", {}):
            yield f"{probe} names a host"
