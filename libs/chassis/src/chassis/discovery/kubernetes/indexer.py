"""A local store of objects of one kind, indexed by group."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Generic, Protocol, TypeVar

from chassis.discovery.kubernetes.objects import Name


class Grouped(Protocol):
    """An object with a key that it shares with others."""

    @property
    def group(self) -> Hashable:
        """Return the shared key."""
        ...


T = TypeVar("T", bound=Grouped)


class Indexer(Generic[T]):
    """Store the server's objects by name and by group."""

    def __init__(self) -> None:
        self._objects: dict[Name, T] = {}
        self._groups: dict[Hashable, dict[Name, T]] = {}

    def __len__(self) -> int:
        """Return how many objects there are."""
        return len(self._objects)

    def get(self, name: Name) -> T | None:
        """Return one object."""
        return self._objects.get(name)

    def group(self, group: Hashable) -> Mapping[Name, T]:
        """Return the objects of a group in the order of arrival."""
        return self._groups.get(group, {})

    def put(self, name: Name, value: T | None) -> None:
        """Store an object; None deletes it."""
        before = self._objects.pop(name, None)
        if value is not None:
            self._objects[name] = value
            self._groups.setdefault(value.group, {})[name] = value
        if before is not None and (value is None or value.group != before.group):
            self._leave(name, before)

    def replace(self, namespace: str | None, objects: Mapping[Name, T]) -> None:
        """Store exactly these objects of a namespace (None: all)."""
        for name in self._within(namespace):
            if name not in objects:
                self.put(name, None)
        for name, value in objects.items():
            self.put(name, value)

    def _within(self, namespace: str | None) -> Iterable[Name]:
        return [name for name in self._objects if namespace in (None, name.namespace)]

    def _leave(self, name: Name, value: T) -> None:
        group = self._groups[value.group]
        del group[name]
        if not group:
            del self._groups[value.group]
