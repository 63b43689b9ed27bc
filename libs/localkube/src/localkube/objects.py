"""Objects are documents as Kubernetes' JSON has them; these are the few things all need of them."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]

REVISION = "deployment.kubernetes.io/revision"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
TEMPLATE_HASH = "pod-template-hash"


@dataclass(frozen=True, slots=True)
class Ref:
    """Names one object; `namespace` is empty for kinds that have none."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {place}{self.name}"


def ref_of(document: Object) -> Ref:
    """Name a document's object."""
    metadata = document["metadata"]
    return Ref(document["kind"], metadata.get("namespace", ""), metadata["name"])


def labels_of(document: Object) -> dict[str, str]:
    """Return an object's labels."""
    return dict(document["metadata"].get("labels") or {})


def annotations_of(document: Object) -> dict[str, str]:
    """Return an object's annotations."""
    return dict(document["metadata"].get("annotations") or {})


def owner_of(document: Object) -> str | None:
    """Return the uid of the controller that made an object."""
    owners = document["metadata"].get("ownerReferences") or []
    return owners[0]["uid"] if owners else None


def owned_by(owner: Object) -> list[Object]:
    """Build the ownerReferences of an object that `owner` makes."""
    metadata = owner["metadata"]
    reference = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": True}
    return [{**reference, "name": metadata["name"], "uid": metadata["uid"]}]


def timestamp() -> str:
    """Return the time now as Kubernetes writes it, in UTC to the second."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
