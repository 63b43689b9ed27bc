"""Objects are documents in Kubernetes' JSON form; these functions read common fields."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]

_SOURCES = {"ConfigMap": "configMap", "Secret": "secret"}

DIRECTORY = "localkube/directory"
"""The annotation with the directory of a pod's volumes and logs."""
DEBUG = "localkube/debug"
"""The annotation of a pod whose first container's process runs under its image's debugger."""


@dataclass(frozen=True, slots=True)
class Ref:
    """Names one object; `namespace` is empty for kinds without namespaces."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}".replace(" /", " ")


def ref_of(document: Object) -> Ref:
    """Return the name of a document's object."""
    metadata = document["metadata"]
    return Ref(document["kind"], metadata.get("namespace", ""), metadata["name"])


def labels_of(document: Object) -> dict[str, str]:
    """Return an object's labels."""
    return dict(document["metadata"].get("labels") or {})


def annotations_of(document: Object) -> dict[str, str]:
    """Return an object's annotations."""
    return dict(document["metadata"].get("annotations") or {})


def selects(selector: Mapping[str, str], document: Object) -> bool:
    """Say whether an object has all labels of a selector."""
    return selector.items() <= labels_of(document).items()


def is_ready(pod: Object) -> bool:
    """Say whether a pod receives new connections."""
    conditions = {c["type"]: c["status"] for c in pod["status"]["conditions"]}
    return conditions["Ready"] == "True" and "deletionTimestamp" not in pod["metadata"]


def sources_of(volume: Object) -> Iterator[tuple[str, Object]]:
    """Yield kind and reference of each ConfigMap and Secret of a volume."""
    for place in (volume, *(volume.get("projected") or {}).get("sources", ())):
        for kind, field in _SOURCES.items():
            if reference := place.get(field):
                yield kind, reference


def referenced(kind: str, namespace: str, reference: Object) -> Ref:
    """Return the name of the ConfigMap or Secret of a reference."""
    return Ref(kind, namespace, reference.get("name") or reference["secretName"])


def mounted_secrets(workload: Object) -> Iterator[Object]:
    """Yield the references to Secrets in the volumes of a Deployment or StatefulSet."""
    for volume in workload["spec"]["template"]["spec"].get("volumes") or ():
        for kind, reference in sources_of(volume):
            if kind == "Secret":
                yield reference


def timestamp() -> str:
    """Return the current time in Kubernetes' format: UTC, in seconds."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
