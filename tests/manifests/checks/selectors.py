"""Selectors match the labels of pods, and Services target ports of their pods."""

from collections.abc import Iterator

from manifests.suite_manifests import (
    Manifest,
    Manifests,
    containers,
    namespace_of,
    pod_labels,
    pod_spec,
    selected,
    selects,
    title,
)


def deployment_selector_findings(manifests: Manifests) -> Iterator[str]:
    """Return Deployments whose selectors or spread constraints match other pods than their own."""
    for workload in manifests.workloads():
        selector = workload["spec"]["selector"]["matchLabels"]
        owned = selected(manifests, namespace_of(workload), selector)
        if owned != [workload]:
            yield f"{title(workload)}: selector matches {[title(d) for d in owned]}"
        for constraint in pod_spec(workload).get("topologySpreadConstraints", []):
            if not selects(constraint["labelSelector"]["matchLabels"], pod_labels(workload)):
                yield f"{title(workload)}: spread constraint does not match its own pods"


def service_findings(manifests: Manifests) -> Iterator[str]:
    """Return Services without pods, and target ports that a selected pod does not have."""
    for service in manifests.of("Service"):
        workloads = selected(manifests, namespace_of(service), service["spec"]["selector"])
        if not workloads:
            yield f"{title(service)}: selects no pod"
        for workload in workloads:
            yield from _missing_ports(service, workload)


def disruption_budget_findings(manifests: Manifests) -> Iterator[str]:
    """Return budgets that match no or several Deployments, and Deployments without a budget."""
    guarded: list[str] = []
    for budget in manifests.of("PodDisruptionBudget"):
        selector = budget["spec"]["selector"]["matchLabels"]
        deployments = selected(manifests, namespace_of(budget), selector)
        if len(deployments) != 1:
            yield f"{title(budget)}: guards {len(deployments)} Deployments"
        guarded += [title(workload) for workload in deployments]
    for workload in manifests.workloads():
        if workload["spec"]["replicas"] > 1 and title(workload) not in guarded:
            yield f"{title(workload)}: no PodDisruptionBudget"


def _missing_ports(service: Manifest, workload: Manifest) -> Iterator[str]:
    names = {port["name"] for c in containers(workload) for port in c.get("ports", [])}
    for port in service["spec"]["ports"]:
        if port["targetPort"] not in names:
            yield f"{title(service)}: port {port['targetPort']} is not in {title(workload)}"
