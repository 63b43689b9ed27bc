"""The kinds of objects, and how people name them: `po`, `pod NAME`, `pod/NAME`, `pods,svc`."""

from collections.abc import Sequence
from dataclasses import dataclass

from localkube.errors import UsageError
from localkube.objects import Ref


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind that is implemented, with the names kubectl accepts for it."""

    name: str
    plural: str
    short: str
    namespaced: bool = True


KINDS = (
    Kind("Namespace", "namespaces", "ns", namespaced=False),
    Kind("ConfigMap", "configmaps", "cm"),
    Kind("Secret", "secrets", "secret"),
    Kind("Service", "services", "svc"),
    Kind("Deployment", "deployments", "deploy"),
    Kind("Pod", "pods", "po"),
    Kind("Endpoints", "endpoints", "ep"),
    Kind("Event", "events", "ev"),
)
MANIFEST_KINDS = tuple(kind.name for kind in KINDS[:5])
"""What a manifest may hold, in the order in which it is applied."""

NO_EFFECT_KINDS = (
    *("PodDisruptionBudget", "NetworkPolicy", "HorizontalPodAutoscaler", "Ingress"),
    *("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"),
)
"""Accepted, named once, and without a meaning on one machine."""


def kind_named(text: str) -> Kind:
    """Find a kind by any spelling (`po`, `pods`, `Pod`); raise `UsageError`."""
    spelling = text.lower().split(".")[0]
    for kind in KINDS:
        if spelling in {kind.name.lower(), kind.plural, kind.short}:
            return kind
    known = ", ".join(kind.plural for kind in KINDS)
    raise UsageError(f"unknown kind {text!r}; localkube knows {known}")


def named(words: Sequence[str]) -> list[tuple[Kind, tuple[str, ...]]]:
    """Read what stands after a verb: kinds with names, none for all; raise `UsageError`."""
    if not words:
        raise UsageError("name what: pods, deployment NAME, or deployment/NAME")
    if any("/" in word for word in words):
        return [_path(word) for word in words]
    return [(kind_named(kind), tuple(words[1:])) for kind in words[0].split(",")]


def one(words: Sequence[str]) -> tuple[Kind, str]:
    """Read exactly one object's name; raise `UsageError`."""
    found = named(words)
    if len(found) != 1 or len(found[0][1]) != 1:
        raise UsageError(f"name one object as deployment/NAME, not {' '.join(words)!r}")
    return found[0][0], found[0][1][0]


def spelled(ref: Ref) -> str:
    """Return an object's name as kubectl prints it."""
    group = ".apps" if ref.kind == "Deployment" else ""
    return f"{ref.kind.lower()}{group}/{ref.name}"


def _path(word: str) -> tuple[Kind, tuple[str, ...]]:
    kind, _, name = word.partition("/")
    if not name:
        raise UsageError(f"cannot read {word!r}; write deployment/NAME")
    return kind_named(kind), (name,)
