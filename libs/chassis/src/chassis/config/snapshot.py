"""One version of the configuration, and what of it can't change while the process runs."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Generic, TypeVar

from chassis.config.settings import ServiceSettings, bind_settings
from chassis.config.source import ConfigSource, Mounted

S = TypeVar("S", bound=ServiceSettings)

_FIXED = (
    *("server", "management", "discovery", "spring.redis"),
    "spring.cloud.kubernetes.discovery",
    "spring.cloud.kubernetes.loadbalancer",
    "spring.cloud.kubernetes.ribbon",
)
"""Sections that sockets, pools and directories are made from, once, at the start."""


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[S]):
    """One version of the configuration; `loaded_at` in Unix seconds.

    `hash` tells versions of the ConfigMap apart; `ignored` are names that have no effect here,
    never their values.
    """

    settings: S
    profiles: tuple[str, ...]
    hash: str
    loaded_at: float
    ignored: tuple[str, ...] = ()


def take_snapshot(source: ConfigSource, mounted: Mounted, settings_type: type[S]) -> Snapshot[S]:
    """Parse and validate what was read; raise `ConfigError`."""
    settings, ignored = bind_settings(source, source.tree(mounted), settings_type)
    return Snapshot(settings, source.profiles, mounted.hash, time.time(), ignored)


def waiting_for_restart(started: ServiceSettings, now: ServiceSettings) -> Iterator[str]:
    """Yield the sections that have changed since the start and take effect at the next one."""
    for section in _FIXED:
        value = attrgetter(section)
        if value(started) != value(now):
            yield section
