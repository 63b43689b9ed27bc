"""The kinds of objects: their names as people type them, and what becomes of them."""

from dataclasses import dataclass

from localkube.errors import UsageError


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind that is implemented, with the names kubectl accepts for it."""

    name: str
    plural: str
    short: str
    api_version: str = "v1"
    namespaced: bool = True

    @property
    def spellings(self) -> frozenset[str]:
        """Return every spelling, in lower case."""
        return frozenset({self.name.lower(), self.plural, self.short})


KINDS = (
    Kind("Namespace", "namespaces", "ns", namespaced=False),
    Kind("ConfigMap", "configmaps", "cm"),
    Kind("Secret", "secrets", "secret"),
    Kind("Service", "services", "svc"),
    Kind("Endpoints", "endpoints", "ep"),
    Kind("Deployment", "deployments", "deploy", "apps/v1"),
    Kind("ReplicaSet", "replicasets", "rs", "apps/v1"),
    Kind("Pod", "pods", "po"),
    Kind("Event", "events", "ev"),
)
MANIFEST_KINDS = ("Namespace", "ConfigMap", "Secret", "Service", "Deployment")
"""What a manifest may hold, in the order in which it is applied."""

NO_EFFECT_KINDS = frozenset(
    {
        "PodDisruptionBudget",
        "NetworkPolicy",
        "ServiceAccount",
        "Role",
        "RoleBinding",
        "ClusterRole",
        "ClusterRoleBinding",
        "HorizontalPodAutoscaler",
        "Ingress",
    }
)
"""Accepted, named once, and without a meaning on one machine."""


def kind_named(text: str) -> Kind:
    """Find a kind by any spelling (`po`, `pods`, `Pod`); raise `UsageError`."""
    spelling = text.lower().split(".")[0]
    for kind in KINDS:
        if spelling in kind.spellings:
            return kind
    known = ", ".join(kind.plural for kind in KINDS)
    raise UsageError(f"unknown kind {text!r}; localkube knows {known}")
