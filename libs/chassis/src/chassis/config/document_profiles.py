"""What documents say about profiles: `spring.profiles.{active,include,default,group}`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from chassis.config.active_profiles import ACTIVE, Named, ProfileSources, split
from chassis.config.documents import Document
from chassis.config.errors import ConfigError
from chassis.config.placeholders import Resolver
from chassis.config.tree import Entry, Name, Tree, find, relaxed, remove

_PROFILES = ("spring", "profiles")
_KINDS = ("active", "include", "default", "group", "validate")


@dataclass(frozen=True, slots=True)
class DocumentProfiles:
    """The mappings below `spring.profiles`, the last document's first: it is the strongest."""

    found: list[Tree] = field(default_factory=list)

    def resolved(self, resolver: Resolver) -> ProfileSources:
        """Return what they say; placeholders may name variables and other default documents."""
        groups: dict[str, tuple[str, ...]] = {
            name: _listed(resolver, name, node)
            for _, group in reversed(list(self._of("group")))
            if isinstance(group, Tree)
            for name, node in group.items()
        }
        active, include, default = (tuple(self._named(kind, resolver)) for kind in _KINDS[:3])
        return ProfileSources(active, include, default, groups)

    def _named(self, kind: str, resolver: Resolver) -> Iterator[Named]:
        for name, node in self._of(kind):
            if profiles := _listed(resolver, name, node):
                yield Named(f"{node.origin.file}:{node.origin.line}", profiles)

    def _of(self, kind: str) -> Iterator[tuple[Name, Entry | Tree]]:
        for tree in self.found:
            yield from ((name, node) for name, node in tree.items() if name == kind)


def take_profiles(documents: Iterable[Document]) -> DocumentProfiles:
    """Take what default documents say out of them; raise `ConfigError` at an unknown name."""
    found: list[Tree] = []
    for document in documents:
        tree = find(document.tree, _PROFILES)
        if isinstance(tree, Tree):
            _refuse_unknown(tree)
            found.insert(0, tree)
            remove(document.tree, _PROFILES)
    return DocumentProfiles(found)


def refuse_profiles(documents: Iterable[Document]) -> None:
    """Raise `ConfigError` where a document says which profiles are active and may not.

    As in Spring, one that profiles select may not; nor may a Secret, which comes too late.
    """
    for document in documents:
        tree = find(document.tree, _PROFILES)
        if isinstance(tree, Tree):
            name, node = next(iter(tree.items()), (relaxed(_PROFILES[-1]), tree))
            raise _error(name, node, "belongs in a default document of application.yaml")


def _refuse_unknown(tree: Tree) -> None:
    for name, node in tree.items():
        if name.written.lower() not in _KINDS:
            raise _error(name, node, "is no setting; write spring.profiles.active: [a, b]")


def _listed(resolver: Resolver, name: Name, node: Entry | Tree) -> tuple[str, ...]:
    value = resolver.resolve(node, ACTIVE).value if isinstance(node, Entry) else node
    if value is None:
        return ()
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if isinstance(value, str):
        return split(value)
    raise _error(name, node, "takes names, as a text or a list")


def _error(name: Name, node: Entry | Tree, reason: str) -> ConfigError:
    origin, key = node.origin, f"spring.profiles.{name.written}"
    return ConfigError(reason, file=origin.file, line=origin.line, key=key)
