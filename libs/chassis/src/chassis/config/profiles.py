"""The active profiles and their sources; `prod` is never lost.

The precedence is: `--profiles`, `--spring.profiles.active`, `PROFILES_ACTIVE`,
`SPRING_PROFILES_ACTIVE` and its relaxed forms, the default documents of application.yaml. If any of
these names `prod`, on which guards depend, and the result lacks it, the service does not start.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chassis.config.documents import Document
from chassis.config.errors import ConfigError
from chassis.config.placeholders import Resolver
from chassis.config.tree import Entry, Name, Tree, find, relaxed, remove

PROD, DEV = "prod", "dev"
ACTIVE = "spring.profiles.active"
_PROFILES = ("spring", "profiles")
_KINDS = ("active", "include", "default", "group", "validate")


@dataclass(frozen=True, slots=True)
class Named:
    """The profiles of one source, such as a flag, a variable or a document."""

    where: str
    profiles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProfileSources:
    """All sources of profiles, in each tuple the highest precedence first.

    As in Spring, `include` adds to the active profiles, `groups` expands a profile, and `default`
    applies if no profile is active. `automatic` are the platform's.
    """

    active: tuple[Named, ...] = ()
    include: tuple[Named, ...] = ()
    default: tuple[Named, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    automatic: tuple[str, ...] = ()

    def below(self, weaker: "ProfileSources") -> "ProfileSources":
        """Return these sources, followed by weaker ones."""
        return ProfileSources(
            self.active + weaker.active,
            self.include + weaker.include,
            self.default + weaker.default,
            {**weaker.groups, **self.groups},
            self.automatic + weaker.automatic,
        )

    def result(self) -> tuple[str, ...]:
        """Return the active profiles; raise `ConfigError` for an invalid name, or a lost prod."""
        for named in (*self.active, *self.include, *self.default):
            _check_names(named)
        chosen = (self.active or self.default)[:1]
        named_now = (*chosen, *self.include)
        result = tuple(dict.fromkeys([*self.automatic, *self._expanded(_flat(named_now))]))
        for named in self.active:
            if PROD not in result and PROD in self._expanded(named.profiles):
                reason = f"{named.where} names prod, but {chosen[0].where} overrides it without"
                raise ConfigError(f"{reason}; name it there too, or nowhere", key=ACTIVE)
        return result

    def disagreement(self) -> str | None:
        """Return one line about sources that differ, or None."""
        if not any(set(named.profiles) != set(self.active[0].profiles) for named in self.active):
            return None
        first, *others = (f"{named.where} ({','.join(named.profiles)})" for named in self.active)
        return f"Sources of active profiles differ: {first} overrides {', '.join(others)}"

    def _expanded(self, profiles: Iterable[str]) -> Iterator[str]:
        seen: set[str] = set()
        waiting = [*profiles][::-1]
        while waiting:
            profile = waiting.pop()
            if profile not in seen:
                seen.add(profile)
                yield profile
                waiting += self.groups.get(profile, ())[::-1]


def in_development(profiles: Sequence[str]) -> bool:
    """Return whether a developer looks at this service: under `dev`, never under `prod`."""
    return DEV in profiles and PROD not in profiles


def split(text: str) -> tuple[str, ...]:
    """Parse a comma-separated list of names."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _flat(named: Sequence[Named]) -> list[str]:
    return [profile for one in reversed(named) for profile in one.profiles]


def _check_names(named: Named) -> None:
    for name in named.profiles:
        if not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
            reason = f"invalid profile name {name!r}; use letters, digits, dot, dash, underscore"
            raise ConfigError(reason, file=named.where, key="profiles")
        if name != PROD and name.lower() == PROD:
            reason = f"{name} is not the profile prod, which guards production; write prod"
            raise ConfigError(reason, file=named.where, key="profiles")


@dataclass(frozen=True, slots=True)
class DocumentProfiles:
    """The mappings below `spring.profiles`, the last document first: it has precedence."""

    found: list[Tree] = field(default_factory=list)

    def resolved(self, resolver: Resolver) -> ProfileSources:
        """Return the sources; placeholders may name variables and other default documents."""
        groups: dict[str, tuple[str, ...]] = {
            name.written: _listed(resolver, name, node)
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


def pop_profiles(documents: Iterable[Document]) -> DocumentProfiles:
    """Remove the profiles from default documents; raise `ConfigError` at an unknown name."""
    found: list[Tree] = []
    for document in documents:
        tree = find(document.tree, _PROFILES)
        if isinstance(tree, Tree):
            _refuse_unknown(tree)
            found.insert(0, tree)
            remove(document.tree, _PROFILES)
    return DocumentProfiles(found)


def refuse_profiles(documents: Iterable[Document]) -> None:
    """Raise `ConfigError` for a document that must not set the active profiles.

    As in Spring, a document that profiles select must not; nor a Secret, which is read too late.
    """
    for document in documents:
        tree = find(document.tree, _PROFILES)
        if isinstance(tree, Tree):
            name, node = next(iter(tree.items()), (relaxed(_PROFILES[-1]), tree))
            raise _error(name, node, "belongs in a default document of application.yaml")


def _refuse_unknown(tree: Tree) -> None:
    for name, node in tree.items():
        if name.written.lower() not in _KINDS:
            raise _error(name, node, "unknown setting; write spring.profiles.active: [a, b]")


def _listed(resolver: Resolver, name: Name, node: Entry | Tree) -> tuple[str, ...]:
    value = resolver.resolve(node, ACTIVE).value if isinstance(node, Entry) else node
    if value is None:
        return ()
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if isinstance(value, str):
        return split(value)
    raise _error(name, node, "takes names, as a string or a list")


def _error(name: Name, node: Entry | Tree, reason: str) -> ConfigError:
    origin, key = node.origin, f"spring.profiles.{name.written}"
    return ConfigError(reason, file=origin.file, line=origin.line, key=key)
