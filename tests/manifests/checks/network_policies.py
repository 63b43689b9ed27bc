"""The connections that the network policies allow, computed as by a network plugin."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from manifests.suite_manifests import (
    Manifest,
    Manifests,
    containers,
    namespace_of,
    pod_labels,
    selects,
)

NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True, slots=True)
class Peer:
    """A pod inside or outside of the suite: its name, namespace and labels."""

    title: str
    namespace: str
    labels: dict[str, str]
    namespace_labels: dict[str, str]
    ports: dict[str, int]


OUTSIDERS = (
    Peer("a stranger", "elsewhere", {}, {NAME: "elsewhere"}, {}),
    Peer("a client", "suite-client", {}, {NAME: "suite-client", "suite/client": "true"}, {}),
    Peer("ingress", "edge", {}, {NAME: "edge", "suite/ingress": "true"}, {}),
    Peer("monitoring", "watch", {}, {NAME: "watch", "suite/monitoring": "true"}, {}),
    Peer("dns", "kube-system", {"k8s-app": "kube-dns"}, {NAME: "kube-system"}, {"dns": 53}),
    # Not a pod, and in no namespace.
    Peer("the API server", "", {}, {}, {"https": 6443}),
)


def connections(manifests: Manifests) -> Iterator[tuple[str, str, int]]:
    """Yield allowed connections (source, target, port) with at least one pod of the suite."""
    peers = [*_peers(manifests), *OUTSIDERS]
    policies = list(manifests.of("NetworkPolicy"))
    for source in peers:
        for target in peers:
            if source in OUTSIDERS and target in OUTSIDERS:
                continue
            for name, port in target.ports.items():
                out = _allowed(policies, "Egress", source, target, (name, port))
                into = _allowed(policies, "Ingress", target, source, (name, port))
                if out and into:
                    yield source.title, target.title, port


def _peers(manifests: Manifests) -> Iterator[Peer]:
    of_namespaces = {
        one["metadata"]["name"]: one["metadata"].get("labels", {})
        for one in manifests.of("Namespace")
    }
    for workload in manifests.workloads():
        namespace, labels = namespace_of(workload), pod_labels(workload)
        ports = {
            port["name"]: port["containerPort"]
            for container in containers(workload)
            for port in container.get("ports", [])
        }
        yield Peer(
            labels["app"],
            namespace,
            labels,
            {NAME: namespace} | of_namespaces.get(namespace, {}),
            ports,
        )


def _allowed(
    policies: Sequence[Manifest], direction: str, own: Peer, other: Peer, port: tuple[str, int]
) -> bool:
    """Return whether the policies for `own` allow a connection. No policy allows all."""
    over = [p for p in policies if _governs(p, direction, own)]
    rules = [rule for policy in over for rule in policy["spec"].get(direction.lower(), [])]
    return not over or any(_passes(rule, direction, own, other, port) for rule in rules)


def _governs(policy: Manifest, direction: str, peer: Peer) -> bool:
    spec = policy["spec"]
    chosen = spec["podSelector"].get("matchLabels", {})
    return (
        namespace_of(policy) == peer.namespace
        and direction in spec["policyTypes"]
        and chosen.items() <= peer.labels.items()
    )


def _passes(
    rule: dict[str, Any], direction: str, own: Peer, other: Peer, port: tuple[str, int]
) -> bool:
    sides = rule.get("from" if direction == "Ingress" else "to")
    ports = [entry["port"] for entry in rule.get("ports", [])]
    return (sides is None or any(_is_side(side, own, other) for side in sides)) and (
        not ports or not set(ports).isdisjoint(port)
    )


def _is_side(side: dict[str, Any], own: Peer, other: Peer) -> bool:
    pods = side.get("podSelector", {}).get("matchLabels", {})
    if not pods.items() <= other.labels.items():
        return False
    if "namespaceSelector" not in side:
        return own.namespace == other.namespace
    return selects(side["namespaceSelector"]["matchLabels"], other.namespace_labels)
