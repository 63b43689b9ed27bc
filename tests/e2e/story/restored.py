"""Records the suite's objects before a chapter or scenario, and restores them after it."""

import copy
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from localkube.api.patches import difference
from story.followed import followed
from story.settled import settled
from suitectl.catalogue import live_services
from suitectl.deploy import namespaces
from suitectl.live.config_map import ConfigMap
from suitectl.platform.platform import Platform
from suitectl.story.suite import VERB_S

RESTARTED = "kubectl.kubernetes.io/restartedAt"
"""A rollout sets this annotation, and removing it would cause another rollout."""
_GENERATED = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")
_PARTS = ("spec", "data", "binaryData")

Name = tuple[str, str, str]
"""Kind, namespace and name of an object."""


@dataclass(frozen=True, slots=True)
class Change:
    """How to restore one object: patch it, create it again, or delete it."""

    name: Name
    patch: Mapping[str, Any] | None = None
    document: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        kind, namespace, name = self.name
        return f"{kind} {namespace}/{name}"


@asynccontextmanager
async def restored(platform: Platform) -> AsyncIterator[None]:
    """Restore the suite's objects after the block, however the block ends.

    This covers replicas, templates, selectors, configuration, policies and autoscalers. Pods may be
    different ones. Raises `RuntimeError` if an object can't be restored.
    """
    before = await _state(platform)
    try:
        yield
    finally:
        undone = changes(before, await _state(platform))
        for change in undone:
            await _undo(platform, change)
        await settled(platform)
        await _served(platform, {change.name for change in undone})
        if left := changes(before, await _state(platform)):
            raise RuntimeError(f"not restored: {', '.join(map(str, left))}")


async def _served(platform: Platform, names: AbstractSet[Name]) -> None:
    """Wait until the pods serve the restored ConfigMaps, where responses show which one it is."""
    for service in live_services():
        config_map = ConfigMap(platform, service).name
        if ("ConfigMap", service.namespace, config_map) in names:
            await followed(platform, service)


async def _state(platform: Platform) -> dict[Name, dict[str, Any]]:
    found = await platform.objects(",".join(platform.kinds))
    ours = [one for one in found if one["metadata"]["namespace"] in namespaces()]
    return {_name(document): document for document in ours}


def _name(document: Mapping[str, Any]) -> Name:
    metadata = document["metadata"]
    return document["kind"], metadata["namespace"], metadata["name"]


def changes(
    before: Mapping[Name, dict[str, Any]], now: Mapping[Name, dict[str, Any]]
) -> Sequence[Change]:
    """Return the changes that restore the objects: first deletions, then the rest.

    An autoscaler must be deleted before replicas are set, since it would change them again.
    """
    deleted = [Change(name) for name in now if name not in before]
    created = [Change(name, document=before[name]) for name in before if name not in now]
    patched = [
        Change(n, patch=difference(_parts(now[n]), _parts(before[n]))) for n in before if n in now
    ]
    return [*deleted, *created, *(change for change in patched if change.patch)]


def _parts(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the declared fields of an object, without those of a rollout or the cluster."""
    parts = {part: copy.deepcopy(document[part]) for part in _PARTS if part in document}
    if template := parts.get("spec", {}).get("template"):
        # Never absent: a patch that removes all annotations would remove this one as well.
        template["metadata"].setdefault("annotations", {}).pop(RESTARTED, None)
    return parts | {"metadata": {"labels": document["metadata"].get("labels", {})}}


async def _undo(platform: Platform, change: Change) -> None:
    kind, namespace, name = change.name
    if change.document is not None:
        await _create(platform, change.document)
        return
    verb, how = "delete", []
    if change.patch is not None:
        verb, how = "patch", ["--type=merge", "-p", json.dumps(change.patch)]
    await platform.run(verb, kind.lower(), name, "-n", namespace, *how, timeout=VERB_S)


async def _create(platform: Platform, document: Mapping[str, Any]) -> None:
    metadata = {k: v for k, v in document["metadata"].items() if k not in _GENERATED}
    fresh = {key: value for key, value in document.items() if key != "status"}
    await platform.run("apply", "-f", "-", stdin=json.dumps(fresh | {"metadata": metadata}))
