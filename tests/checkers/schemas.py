"""Folders of schemas for kubeconform: `KIND-GROUP-VERSION.json`."""

import json
from collections.abc import Mapping
from pathlib import Path

import kubernetes_validate  # type: ignore[import-untyped]  # ships no types

from checkers.custom_resources import Schema

_CORE = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"


def write(version: str, custom: Mapping[tuple[str, str], Schema], directory: Path) -> None:
    """Write the schemas of an API server version and of custom resources.

    A file name has the first label of its group, as in `gateway-gateway-v1.json`.
    """
    directory.mkdir()
    for path in (_CORE / f"v{version}-local-strict").glob("*.json"):
        (directory / path.name).write_text(_beside(path.read_text()))
    for (api_version, kind), schema in custom.items():
        group, _, number = api_version.partition("/")
        name = f"{kind}-{group.partition('.')[0]}-{number}.json".lower()
        (directory / name).write_text(json.dumps(schema))


def _beside(text: str) -> str:
    """Make a schema reference the definitions in the neighbouring file, not at a URL."""
    schema = json.loads(text.replace('"/api/_definitions.json#', '"_definitions.json#'))
    schema.pop("$id", None)
    return json.dumps(schema)
