"""Selectors match the labels of pods, and Services lead to ports that pods have."""

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
    """Find Deployments that do not own exactly their own pods, or spread others' pods."""
    for deployment in manifests.of("Deployment"):
        selector = deployment["spec"]["selector"]["matchLabels"]
        owned = selected(manifests, namespace_of(deployment), selector)
        if owned != [deployment]:
            yield f"{title(deployment)}: selector matches {[title(d) for d in owned]}"
        for constraint in pod_spec(deployment).get("topologySpreadConstraints", []):
            if not selects(constraint["labelSelector"]["matchLabels"], pod_labels(deployment)):
                yield f"{title(deployment)}: spread constraint does not match its own pods"


def service_findings(manifests: Manifests) -> Iterator[str]:
    """Find Services without pods, and target ports that a selected pod does not have."""
    for service in manifests.of("Service"):
        deployments = selected(manifests, namespace_of(service), service["spec"]["selector"])
        if not deployments:
            yield f"{title(service)}: selects no pod"
        for deployment in deployments:
            yield from _missing_ports(service, deployment)


def disruption_budget_findings(manifests: Manifests) -> Iterator[str]:
    """Find budgets that guard nothing or several Deployments, and Deployments without one."""
    guarded: list[str] = []
    for budget in manifests.of("PodDisruptionBudget"):
        selector = budget["spec"]["selector"]["matchLabels"]
        deployments = selected(manifests, namespace_of(budget), selector)
        if len(deployments) != 1:
            yield f"{title(budget)}: guards {len(deployments)} Deployments"
        guarded += [title(deployment) for deployment in deployments]
    for deployment in manifests.of("Deployment"):
        if deployment["spec"]["replicas"] > 1 and title(deployment) not in guarded:
            yield f"{title(deployment)}: no PodDisruptionBudget"


def _missing_ports(service: Manifest, deployment: Manifest) -> Iterator[str]:
    names = {port["name"] for c in containers(deployment) for port in c.get("ports", [])}
    for port in service["spec"]["ports"]:
        if port["targetPort"] not in names:
            yield f"{title(service)}: port {port['targetPort']} is not in {title(deployment)}"
