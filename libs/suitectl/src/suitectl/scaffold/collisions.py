"""Whether an object of a new service has the name of one that the suite has already."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from suitectl.catalogue import Service
from suitectl.errors import CommandFailedError
from suitectl.root import ROOT

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check_objects(service: Service) -> None:
    """Raise `CommandFailedError` for a service with an object that the manifests have already."""
    own = ROOT / "k8s/base" / service.name
    others = [file for file in ROOT.glob("k8s/**/*.yaml") if own not in file.parents]
    taken = {_key(one) for file in others for one in _objects(file)}
    for document in service.documents:
        if (key := _key(document)) in taken:
            kind, _, name = key
            raise CommandFailedError(
                f"NAME={service.name}: there is a {kind} {name} already; use another name"
            )


def _objects(file: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the objects and patches of a file; a kustomization has no name."""
    for document in yaml.load_all(file.read_text(), _LOADER):
        if isinstance(document, dict) and "name" in document.get("metadata", {}):
            yield document


def _key(document: Mapping[str, Any]) -> tuple[str, str, str]:
    metadata = document["metadata"]
    return document["kind"], metadata.get("namespace", ""), metadata["name"]
