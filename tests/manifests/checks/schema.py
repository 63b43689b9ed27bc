"""Every object is valid against the strict schema of the API servers we support."""

from collections.abc import Iterator

import kubernetes_validate  # type: ignore[import-untyped]  # ships no types

from manifests.suite_manifests import Manifests, title

SUPPORTED = list(dict.fromkeys(kubernetes_validate.utils.all_versions()))[-3:]
"""The last three minor versions, as Kubernetes itself supports them."""


def schema_findings(manifests: Manifests, version: str) -> Iterator[str]:
    """Name the field that an API server of this version would not know or accept."""
    for manifest in manifests.objects:
        try:
            kubernetes_validate.validate(manifest, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            where = ".".join(str(step) for step in error.path)
            yield f"{title(manifest)}: {where}: {error.message}"
