"""Service names: `name`, `name.namespace`, `name.namespace.svc`, and the full form."""

import ipaddress
from dataclasses import dataclass
from functools import lru_cache

_SVC = "svc"
_QUALIFIED_LABELS = 2
_REMEMBERED = 1024
"""Names whose parts are remembered: a service calls few others, and each call asks."""


@dataclass(frozen=True, slots=True)
class ServiceName:
    """A service's name, with its namespace if the caller gave one."""

    service: str
    namespace: str | None = None


@lru_cache(_REMEMBERED)
def is_literal(name: str) -> bool:
    """Return whether `name` needs no look-up: an IP address, or localhost."""
    if name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@lru_cache(_REMEMBERED)
def parse_name(name: str, *, cluster_domain: str | None) -> ServiceName | None:
    """Parse a name; return None if no service in the cluster can have it."""
    labels = _relative(name, cluster_domain).split(".")
    if labels[-1] == _SVC and len(labels) > _QUALIFIED_LABELS:
        labels = labels[:-1]
    elif name.endswith("."):
        return None
    if len(labels) > _QUALIFIED_LABELS or not all(labels):
        return None
    return ServiceName(*labels)


def _relative(name: str, cluster_domain: str | None) -> str:
    """Return the name without the cluster domain (any, if unknown) and trailing dot."""
    bare = name.removesuffix(".")
    if cluster_domain:
        return bare.removesuffix(f".{cluster_domain}")
    service, svc, _ = bare.partition(f".{_SVC}.")
    return f"{service}.{_SVC}" if svc else bare
