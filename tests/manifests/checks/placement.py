"""The placement of pods, and their scheduling priority."""

from collections.abc import Iterator

from manifests.suite_manifests import Manifest, Manifests, pod_labels, pod_spec, title
from sample_services import has
from suitectl.catalogue import services

SET_APART = {
    "cas-server",
    *(service.name for service in services().values() if has(service, "node-affinity")),
}
"""The services with dedicated nodes, which are labelled with the service's name."""
TOKEN_PATH = {"cas-server", "redis", "redis-sentinel"}
"""Every call of the suite needs these."""


def affinity_findings(manifests: Manifests) -> Iterator[str]:
    """Return pods that could run on other nodes than their dedicated ones."""
    for workload in manifests.of("Deployment", "StatefulSet"):
        app = pod_labels(workload)["app"]
        wanted = [(app, "In", ("true",))] if app in SET_APART else []
        if (found := list(_required(workload))) != wanted:
            yield f"{title(workload)}: runs where {found}"


def priority_findings(manifests: Manifests) -> Iterator[str]:
    """Return missing priority classes, and pods with a wrong priority."""
    classes = {one["metadata"]["name"] for one in manifests.of("PriorityClass")}
    for workload in manifests.of("Deployment", "StatefulSet"):
        name = pod_spec(workload).get("priorityClassName")
        if name is not None and name not in classes:
            yield f"{title(workload)}: no PriorityClass {name}"
        if (name is not None) != (pod_labels(workload)["app"] in TOKEN_PATH):
            yield f"{title(workload)}: PriorityClass {name}"


def _required(workload: Manifest) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    affinity = pod_spec(workload).get("affinity", {}).get("nodeAffinity", {})
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution", {})
    for term in required.get("nodeSelectorTerms", []):
        for expression in term["matchExpressions"]:
            yield expression["key"], expression["operator"], tuple(expression["values"])
