"""One version of the configuration, and the sections that need a restart."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Generic, TypeVar

from chassis.config.binding import bind
from chassis.config.budget import Budget
from chassis.config.errors import ConfigError
from chassis.config.fields import Section
from chassis.config.layers import File, Layers, merge, read_layers
from chassis.config.profiles import ProfileSources
from chassis.config.settings import ServiceSettings, validate
from chassis.config.source import ConfigSource, Mounted
from chassis.config.tree import Tree, find

S = TypeVar("S", bound=ServiceSettings)

_FIXED = (
    *("server", "management", "discovery", "spring.redis"),
    "spring.cloud.kubernetes.discovery",
    "spring.cloud.kubernetes.loadbalancer",
    "spring.cloud.kubernetes.ribbon",
)
"""Sections that configure sockets, pools and directories, once, at the start."""
_LIVE = frozenset(("forwarded", "cors"))
"""Parts of these sections that reload nevertheless."""

_NOBODY = ProfileSources()
_MOST_NAMES = 500
"""The most ignored or unread names that `/info` lists."""


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[S]):
    """One version of the configuration; `loaded_at` in Unix seconds.

    `hash` identifies the version of the ConfigMap. `ignored` are the names (not values) of settings
    without effect, `unread` the unused files, documents and variables. `profile_sources` are the
    sources of the profiles, highest precedence first. `name` is the service's name, unless a Secret
    has it. `carried` are the files that settings came from.
    """

    settings: S
    profiles: tuple[str, ...]
    hash: str
    loaded_at: float
    ignored: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    profile_sources: ProfileSources = _NOBODY
    name: str | None = None
    carried: frozenset[File] = frozenset()


def take_snapshot(
    source: ConfigSource,
    mounted: Mounted,
    settings_type: type[S],
    before: Snapshot[S] | None = None,
) -> Snapshot[S]:
    """Read the layers, merge, bind and validate them; raise `ConfigError`.

    A file that settings came from `before` must not be missing: renaming a key by mistake would
    reset every setting in it.
    """
    _refuse_missing(before, mounted)
    budget = Budget()
    layers = read_layers(source, mounted, settings_type, budget)
    _refuse_silent(before, layers)
    tree = merge(layers)
    values = bind(tree, layers, settings_type, source.environ, budget)
    settings = validate(values, settings_type, layers.profiles, tree)
    return Snapshot(
        settings,
        layers.profiles,
        mounted.hash,
        time.time(),
        _bounded(layers.ignored),
        _bounded(layers.unread),
        ProfileSources(active=layers.profile_sources),
        _public_name(settings, tree),
        frozenset(layers.carried),
    )


def _refuse_missing(before: Snapshot[Any] | None, mounted: Mounted) -> None:
    there = {*((False, name) for name in mounted.config), *((True, n) for n in mounted.secrets)}
    for _, name in sorted((before.carried if before else frozenset()) - there):
        reason = "is missing, but settings came from it; restore it, or restart without it"
        raise ConfigError(reason, file=name, kind="missing")


def _refuse_silent(before: Snapshot[Any] | None, layers: Layers) -> None:
    """Raise `ConfigError` for a file that is still read but has no applicable document."""
    for file in sorted((before.carried if before else frozenset()) - layers.carried):
        if file in layers.read:
            reason = "has no document for the active profiles, but settings came from it"
            raise ConfigError(reason, file=file[1], kind="missing")


def _public_name(settings: ServiceSettings, tree: Tree) -> str | None:
    """Return `spring.application.name` unless it comes from a Secret."""
    entry = find(tree, ("spring", "application", "name"))
    return settings.spring.application.name if entry and not entry.origin.secret else None


def _bounded(names: Sequence[str]) -> tuple[str, ...]:
    if len(names) <= _MOST_NAMES:
        return tuple(names)
    return (*names[:_MOST_NAMES], f"and {len(names) - _MOST_NAMES} more")


def waiting_for_restart(started: ServiceSettings, now: ServiceSettings) -> Iterator[str]:
    """Yield the sections that have changed since the start and need a restart."""
    for section in _FIXED:
        value = attrgetter(section)
        if _fixed(value(started)) != _fixed(value(now)):
            yield section


def _fixed(section: Section) -> Mapping[str, Any]:
    return {name: value for name, value in section if name not in _LIVE}
