"""Resolve service names: modes `dns` and `kubernetes` in a cluster, `static` on one machine."""

from chassis.discovery.errors import (
    AmbiguousNameError,
    DiscoveryError,
    LookupFailedError,
    NameNotFoundError,
    NoReadyPodError,
)
from chassis.discovery.factory import create_discovery
from chassis.discovery.interface import Address, Discovery

__all__ = [
    "Address",
    "AmbiguousNameError",
    "Discovery",
    "DiscoveryError",
    "LookupFailedError",
    "NameNotFoundError",
    "NoReadyPodError",
    "create_discovery",
]
