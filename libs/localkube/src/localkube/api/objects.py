"""Objects are documents as Kubernetes' JSON has them; these are the few things all need of them."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]

_SOURCES = {"ConfigMap": "configMap", "Secret": "secret"}

DIRECTORY = "localkube/directory"
"""The annotation that says where a pod's volumes and logs are on this machine."""


@dataclass(frozen=True, slots=True)
class Ref:
    """Names one object; `namespace` is empty for kinds that have none."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}".replace(" /", " ")


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


def selects(selector: Mapping[str, str], document: Object) -> bool:
    """Say whether an object carries all labels of a selector."""
    return selector.items() <= labels_of(document).items()


def is_ready(pod: Object) -> bool:
    """Say whether a pod takes new connections."""
    conditions = {c["type"]: c["status"] for c in pod["status"]["conditions"]}
    return conditions["Ready"] == "True" and "deletionTimestamp" not in pod["metadata"]


def sources_of(volume: Object) -> Iterator[tuple[str, Object]]:
    """Yield kind and reference of each ConfigMap and Secret that a volume shows."""
    for place in (volume, *(volume.get("projected") or {}).get("sources", ())):
        for kind, field in _SOURCES.items():
            if reference := place.get(field):
                yield kind, reference


def timestamp() -> str:
    """Return the time now as Kubernetes writes it, in UTC to the second."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
