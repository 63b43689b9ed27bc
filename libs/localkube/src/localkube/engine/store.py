"""Store every object in memory, and notify listeners of changes."""

import uuid
from collections.abc import Callable

from localkube.api.kinds import kind_named
from localkube.api.objects import Object, Ref, ref_of, timestamp
from localkube.errors import LocalkubeError


class Store:
    """Objects by name; stored documents are never changed in place."""

    def __init__(self) -> None:
        self._objects: dict[Ref, Object] = {}
        self._listeners: list[Callable[[Ref], None]] = []
        self._version = 0

    def subscribe(self, listener: Callable[[Ref], None]) -> None:
        """Call `listener` at each change. Only indexes and controllers subscribe."""
        self._listeners.append(listener)

    def get(self, ref: Ref) -> Object:
        """Return an object; raise `LocalkubeError` with a hint where to find it."""
        if ref not in self._objects:
            raise LocalkubeError(self._not_found(ref))
        return self._objects[ref]

    def find(self, ref: Ref) -> Object | None:
        """Return an object or None."""
        return self._objects.get(ref)

    def list(self, kind: str, namespace: str | None = None) -> list[Object]:
        """Return the objects of a kind sorted by name; None is all namespaces."""
        found = [r for r in self._objects if r.kind == kind and namespace in {None, r.namespace}]
        return [self._objects[ref] for ref in sorted(found, key=lambda r: (r.namespace, r.name))]

    def put(self, document: Object) -> Object:
        """Store a document with uid and resourceVersion; equal content changes nothing."""
        ref = ref_of(document)
        old = self._objects.get(ref)
        metadata = {**document["metadata"], **_system_metadata(old)}
        if old is not None and {**document, "metadata": metadata} == old:
            return old
        if old is None or old.get("spec") != document.get("spec"):
            metadata["generation"] += 1
        self._version += 1
        metadata["resourceVersion"] = str(self._version)
        self._objects[ref] = {**document, "metadata": metadata}
        self._notify(ref)
        return self._objects[ref]

    def remove(self, ref: Ref) -> None:
        """Remove an object, if it exists."""
        if self._objects.pop(ref, None) is not None:
            self._notify(ref)

    def _notify(self, ref: Ref) -> None:
        for listener in self._listeners:
            listener(ref)

    def _not_found(self, ref: Ref) -> str:
        for other in self._objects:
            if (other.kind, other.name) == (ref.kind, ref.name):
                place = other.namespace
                return f"{ref} not found; it is in namespace {place} (-n {place})"
        return f"{ref} not found; see: ./localkube get {kind_named(ref.kind).plural} -A"


def _system_metadata(old: Object | None) -> Object:
    if old is None:
        return {"uid": str(uuid.uuid4()), "creationTimestamp": timestamp(), "generation": 0}
    fields = ("uid", "creationTimestamp", "generation", "resourceVersion")
    return {key: old["metadata"][key] for key in fields}
