"""Only pods that watch the API server have a token, with the rights for exactly their calls."""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from manifests.suite_manifests import Manifest, Manifests, containers, namespace_of, pod_spec, title

MODE = {"name": "DISCOVERY__MODE", "value": "kubernetes"}
Call = tuple[str, str, str]
"""API group, resource, verb."""


def discovery_findings(manifests: Manifests, calls: AbstractSet[Call]) -> Iterator[str]:
    """Return pods whose token or rights do not match their discovery mode."""
    for workload in manifests.workloads():
        follows = any(MODE in container.get("env", []) for container in containers(workload))
        spec = pod_spec(workload)
        if spec.get("automountServiceAccountToken") is not follows:
            yield f"{title(workload)}: {'no token' if follows else 'a token for nothing'}"
        allowed = set(_rights(manifests, namespace_of(workload), spec["serviceAccountName"]))
        wanted = calls if follows else set()
        for call in sorted(wanted - allowed):
            yield f"{title(workload)}: may not {_said(call)}"
        for call in sorted(allowed - wanted):
            yield f"{title(workload)}: may {_said(call)} and never does"


def _said(call: Call) -> str:
    group, resource, verb = call
    return f"{verb} {resource}" + (f".{group}" if group else "")


def _rights(manifests: Manifests, namespace: str, account: str) -> Iterator[Call]:
    """Yield the permissions of a service account, cluster-wide or per namespace."""
    subject = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    for binding in manifests.of("ClusterRoleBinding", "RoleBinding"):
        role = manifests.get(binding["roleRef"]["kind"], binding["roleRef"]["name"])
        if subject in binding["subjects"] and role is not None:
            for rule in role["rules"]:
                yield from _calls(rule)


def _calls(rule: Manifest) -> Iterable[Call]:
    return (
        (group, resource, verb)
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    )
