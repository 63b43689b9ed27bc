"""Every object is valid by the strict schemas of the supported API servers."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # ships no types
import kubernetes_validate  # type: ignore[import-untyped]  # ships no types
import yaml

from manifests.suite_manifests import Manifest, Manifests, title

SUPPORTED = list(dict.fromkeys(kubernetes_validate.utils.all_versions()))[-3:]
"""The last three minor versions, which Kubernetes supports."""
CUSTOM_RESOURCES = Path(__file__).with_name("custom_resources.yaml")


def schema_findings(manifests: Manifests, version: str) -> Iterator[str]:
    """Return fields that an API server of this version does not know or accept."""
    for manifest in manifests.objects:
        if finding := _finding(json.dumps(manifest), version):
            yield f"{title(manifest)}: {finding}"


@cache
def _finding(manifest: str, version: str) -> str:
    """Return the error or None. It is cached, since most objects recur in every rendering."""
    try:
        _validate(json.loads(manifest), version)
    except jsonschema.ValidationError as error:
        return f"{'.'.join(str(step) for step in error.path)}: {error.message}"
    except kubernetes_validate.SchemaNotFoundError as error:
        return str(error.message)
    return ""


def _validate(manifest: Manifest, version: str) -> None:
    custom = custom_resources().get(f"{manifest['apiVersion']}/{manifest['kind']}")
    if custom is not None:
        jsonschema.validate(manifest, custom)
    else:
        kubernetes_validate.validate(manifest, version, strict=True)


@cache
def custom_resources() -> Mapping[str, Any]:
    """Return the schemas of custom resources, by `GROUP/VERSION/KIND`."""
    loaded: Mapping[str, Any] = yaml.safe_load(CUSTOM_RESOURCES.read_text())
    return loaded
