"""The kinds of objects, with the names and versions kubectl knows them by."""

from dataclasses import dataclass

from localkube.api.objects import Object, Ref
from localkube.errors import UsageError


@dataclass(frozen=True, slots=True)
class Kind:
    """An implemented kind, with the names kubectl accepts for it."""

    name: str
    plural: str
    short: str
    namespaced: bool = True
    version: str = "v1"


KINDS = (
    Kind("Namespace", "namespaces", "ns", namespaced=False),
    Kind("ConfigMap", "configmaps", "cm"),
    Kind("Secret", "secrets", "secret"),
    Kind("Service", "services", "svc"),
    Kind("Deployment", "deployments", "deploy", version="apps/v1"),
    Kind("Pod", "pods", "po"),
    Kind("Endpoints", "endpoints", "ep"),
    Kind("Event", "events", "ev"),
)
MANIFEST_KINDS = tuple(kind.name for kind in KINDS[:5])
"""The kinds that manifests may contain, in the order in which they are applied."""

_RBAC = ("rbac.authorization.k8s.io/v1",)
_NETWORKING = ("networking.k8s.io/v1",)
NO_EFFECT_KINDS = {
    "PodDisruptionBudget": ("policy/v1",),
    "NetworkPolicy": _NETWORKING,
    "Ingress": _NETWORKING,
    "HorizontalPodAutoscaler": ("autoscaling/v2", "autoscaling/v1"),
    "ServiceAccount": ("v1",),
    **dict.fromkeys(("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"), _RBAC),
}
"""Accepted kinds with their versions, which have no meaning on one machine."""


def kind_named(text: str) -> Kind:
    """Return a kind by any of its names (`po`, `pods`, `Pod`); raise `UsageError`."""
    name = text.lower().split(".")[0]
    for kind in KINDS:
        if name in {kind.name.lower(), kind.plural, kind.short}:
            return kind
    known = ", ".join(kind.plural for kind in KINDS)
    raise UsageError(f"unknown kind {text!r}; localkube knows {known}")


def is_namespaced(kind: str) -> bool:
    """Say whether objects of a kind, also one without effect, belong to a namespace."""
    if kind in NO_EFFECT_KINDS:
        return not kind.startswith("Cluster")
    return kind_named(kind).namespaced


def require_version(document: Object, subject: str) -> None:
    """Check that a cluster serves a document's kind in its apiVersion; raise `UsageError`."""
    kind, version = document["kind"], document.get("apiVersion")
    served = NO_EFFECT_KINDS.get(kind) or (kind_named(kind).version,)
    if not version:
        raise UsageError(f"{subject}: apiVersion not set; write apiVersion: {served[0]}")
    if version not in served:
        refusal = f'no matches for kind "{kind}" in version "{version}"'
        raise UsageError(f"{subject}: {refusal}; write apiVersion: {served[0]}")


def resource_of(ref: Ref) -> str:
    """Return an object's resource and name as the API server prints them."""
    kind = kind_named(ref.kind)
    group = f".{kind.version.partition('/')[0]}" if "/" in kind.version else ""
    return f'{kind.plural}{group} "{ref.name}"'


def kubectl_name(ref: Ref) -> str:
    """Return an object's name as kubectl prints it."""
    group = ".apps" if ref.kind == "Deployment" else ""
    return f"{ref.kind.lower()}{group}/{ref.name}"
