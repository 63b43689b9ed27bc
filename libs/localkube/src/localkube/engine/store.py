"""Store every object in memory, and notify listeners of changes."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from localkube.api.kinds import kind_named
from localkube.api.objects import Object, Ref, ref_of, timestamp
from localkube.errors import LocalkubeError


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one object; without `before` it was created, without `after` deleted."""

    version: int
    before: Object | None
    after: Object | None


class Store:
    """Objects by name; stored documents are never changed in place."""

    def __init__(self) -> None:
        self._objects: dict[Ref, Object] = {}
        self._listeners: list[Callable[[Ref], None]] = []
        self._observers: list[Callable[[Change], None]] = []
        self.version = 0
        """The resourceVersion of the latest change."""

    def subscribe(self, listener: Callable[[Ref], None]) -> None:
        """Call `listener` at each change. Only indexes and controllers subscribe."""
        self._listeners.append(listener)

    def observe(self, observer: Callable[[Change], None]) -> None:
        """Call `observer` at each change, with the object before and after it."""
        self._observers.append(observer)

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
        new = {**document, "metadata": metadata | {"resourceVersion": str(self.version + 1)}}
        self._objects[ref] = new
        self._notify(ref, old, new)
        return new

    def remove(self, ref: Ref) -> None:
        """Remove an object, if it exists."""
        if (old := self._objects.pop(ref, None)) is not None:
            self._notify(ref, old, None)

    def _notify(self, ref: Ref, before: Object | None, after: Object | None) -> None:
        self.version += 1
        change = Change(self.version, before, after)
        for observer in self._observers:
            observer(change)
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
