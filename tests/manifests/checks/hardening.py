"""Requirements on pods beyond the Pod Security Standard."""

from collections.abc import Iterator

from manifests.suite_manifests import Manifest, Manifests, containers, pod_spec, title

MINIMAL_UID = 10_000
RESOURCES = {"cpu", "memory", "ephemeral-storage"}
DRAIN_SECONDS = 30
"""5 s until endpoints are removed, 20 s for active requests, 5 s margin."""


def hardening_findings(manifests: Manifests) -> Iterator[str]:
    """Return pods with more write access, resources or information than they need."""
    for workload in manifests.workloads():
        for finding in _pod_findings(pod_spec(workload)):
            yield f"{title(workload)}: {finding}"
        for container in containers(workload):
            for finding in _container_findings(container):
                yield f"{title(workload)}: {container['name']}: {finding}"


def service_account_findings(manifests: Manifests) -> Iterator[str]:
    """Return pods without their own service account, and accounts that mount tokens."""
    for account in manifests.of("ServiceAccount"):
        if account.get("automountServiceAccountToken") is not False:
            yield f"{title(account)}: mounts a token"
    for workload in manifests.workloads():
        name = pod_spec(workload).get("serviceAccountName", "default")
        namespace = workload["metadata"]["namespace"]
        if manifests.get("ServiceAccount", name, namespace) is None:
            yield f"{title(workload)}: no ServiceAccount {name} in {namespace}"


def rollout_findings(manifests: Manifests) -> Iterator[str]:
    """Return rolling updates that may leave fewer pods than desired."""
    for deployment in manifests.of("Deployment"):
        strategy = deployment["spec"]["strategy"]
        if strategy["type"] == "Recreate":
            continue
        if strategy["rollingUpdate"] != {"maxSurge": 1, "maxUnavailable": 0}:
            yield f"{title(deployment)}: {strategy['rollingUpdate']}"


def _pod_findings(spec: Manifest) -> Iterator[str]:
    if spec.get("automountServiceAccountToken") is not False:
        yield "mounts a service account token"
    if spec.get("enableServiceLinks") is not False:
        yield "enableServiceLinks: REDIS_PORT=tcp://… would be read as configuration"
    if spec.get("terminationGracePeriodSeconds", 0) < DRAIN_SECONDS:
        yield "grace period is shorter than the drain"
    if spec.get("securityContext", {}).get("runAsUser", 0) < MINIMAL_UID:
        yield "user id may be one of the node's"
    for volume in spec.get("volumes", []):
        if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]:
            yield f"volume {volume['name']} has no sizeLimit"


def _container_findings(container: Manifest) -> Iterator[str]:
    if container.get("securityContext", {}).get("readOnlyRootFilesystem") is not True:
        yield "root file system is writable"
    if "/tmp" not in {m["mountPath"] for m in container.get("volumeMounts", [])}:  # noqa: S108 - a path in the pod
        yield "no /tmp"
    for bound in ("requests", "limits"):
        if missing := RESOURCES - container.get("resources", {}).get(bound, {}).keys():
            yield f"{bound} without {sorted(missing)}"
    for variable in container.get("env", []):
        if "secretKeyRef" in variable.get("valueFrom", {}):
            yield f"secret in the environment: {variable['name']}"
    for mount in container.get("volumeMounts", []):
        if "subPath" in mount:
            yield f"mount {mount['mountPath']} never updates"
