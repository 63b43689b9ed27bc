"""What documents say about profiles: `spring.profiles.{active,include,default,group}`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from chassis.config.active_profiles import ACTIVE, Named, ProfileSources, split
from chassis.config.documents import Document
from chassis.config.errors import ConfigError
from chassis.config.placeholders import Resolver
from chassis.config.tree import Entry, find, remove

_PROFILES = ("spring", "profiles")
_KINDS = ("active", "include", "default", "group", "validate")


@dataclass(frozen=True, slots=True)
class DocumentProfiles:
    """The mappings below `spring.profiles`, the last document's first: it is the strongest."""

    found: list[Entry] = field(default_factory=list)

    def resolved(self, resolver: Resolver) -> ProfileSources:
        """Return what they say; placeholders may name variables and other default documents."""
        groups = {
            name: _listed(resolver, entry)
            for name, entry in reversed(list(self._of("group")))
            if isinstance(entry.value, dict)
            for name, entry in entry.value.items()
        }
        active, include, default = (tuple(self._named(kind, resolver)) for kind in _KINDS[:3])
        return ProfileSources(active, include, default, groups)

    def _named(self, kind: str, resolver: Resolver) -> Iterator[Named]:
        for _, entry in self._of(kind):
            if profiles := _listed(resolver, entry):
                yield Named(f"{entry.origin.file}:{entry.origin.line}", profiles)

    def _of(self, kind: str) -> Iterator[tuple[str, Entry]]:
        for mapping in self.found:
            if kind in mapping.value:
                yield kind, mapping.value[kind]


def take_profiles(documents: Iterable[Document]) -> DocumentProfiles:
    """Take what default documents say out of them; raise `ConfigError` at an unknown name."""
    found: list[Entry] = []
    for document in documents:
        entry = find(document.tree, _PROFILES)
        if entry is not None and isinstance(entry.value, dict):
            _refuse_unknown(entry.value.values())
            found.insert(0, entry)
            remove(document.tree, _PROFILES)
    return DocumentProfiles(found)


def refuse_profiles(documents: Iterable[Document]) -> None:
    """Raise `ConfigError` where a document says which profiles are active and may not.

    As in Spring, one that profiles select may not; nor may a Secret, which comes too late.
    """
    for document in documents:
        entry = find(document.tree, _PROFILES)
        if entry is not None and isinstance(entry.value, dict):
            first = next(iter(entry.value.values()), entry)
            raise _error(first, "belongs in a default document of application.yaml")


def _refuse_unknown(entries: Iterable[Entry]) -> None:
    for entry in entries:
        if entry.name.lower() not in _KINDS:
            raise _error(entry, "is no setting; write spring.profiles.active: [a, b]")


def _listed(resolver: Resolver, entry: Entry) -> tuple[str, ...]:
    value: Any = resolver.resolve(entry, ACTIVE).value
    if value is None:
        return ()
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if isinstance(value, str):
        return split(value)
    raise _error(entry, "takes names, as a text or a list")


def _error(entry: Entry, reason: str) -> ConfigError:
    origin = entry.origin
    key = f"spring.profiles.{entry.name}"
    return ConfigError(reason, file=origin.file, line=origin.line, key=key)
