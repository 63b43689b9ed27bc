"""One version of the configuration, and what of it can't change while the process runs."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Generic, TypeVar

from chassis.config.binding import bind
from chassis.config.budget import Budget
from chassis.config.errors import ConfigError
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
"""Sections that sockets, pools and directories are made from, once, at the start."""
_LIVE = frozenset(("forwarded", "cors"))
"""What of these sections is followed nevertheless."""

_NOBODY = ProfileSources()
_MOST_NAMES = 500
"""Of those that have no effect, or that nobody reads: as many as `/info` tells."""


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[S]):
    """One version of the configuration; `loaded_at` in Unix seconds.

    `hash` tells versions of the ConfigMap apart; `ignored` are names that have no effect here,
    never their values, and `unread` the files, documents and variables that nobody reads.
    `profile_sources` say who names which profiles, the one that counts first. `name` is the
    service's own where no Secret gives it, and `carried` the files that settings came from.
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

    A file that settings came from `before` may not be missing: who renames a key by mistake would
    take away every setting in it.
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
        reason = "is missing, and settings came from it; put it back, or restart to go without it"
        raise ConfigError(reason, file=name, kind="missing")


def _refuse_silent(before: Snapshot[Any] | None, layers: Layers) -> None:
    """Refuse a file that is still read, of which no document applies any more."""
    for file in sorted((before.carried if before else frozenset()) - layers.carried):
        if file in layers.read:
            reason = "has no document for the active profiles, and settings came from it"
            raise ConfigError(reason, file=file[1], kind="missing")


def _public_name(settings: ServiceSettings, tree: Tree) -> str | None:
    """Return `spring.application.name` for everyone to see, unless it comes from a Secret."""
    entry = find(tree, ("spring", "application", "name"))
    return settings.spring.application.name if entry and not entry.origin.secret else None


def _bounded(names: Sequence[str]) -> tuple[str, ...]:
    if len(names) <= _MOST_NAMES:
        return tuple(names)
    return (*names[:_MOST_NAMES], f"and {len(names) - _MOST_NAMES} more")


def waiting_for_restart(started: ServiceSettings, now: ServiceSettings) -> Iterator[str]:
    """Yield the sections that have changed since the start and take effect at the next one."""
    for section in _FIXED:
        value = attrgetter(section)
        if value(started).model_dump(exclude=_LIVE) != value(now).model_dump(exclude=_LIVE):
            yield section
