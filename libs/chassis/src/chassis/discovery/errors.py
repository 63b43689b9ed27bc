"""Errors of name resolution.

DiscoveryError
├── NameNotFoundError    the name does not exist
├── AmbiguousNameError   several namespaces have the service, but not the own one
├── NoReadyPodError      the service exists and has no ready pod
└── LookupFailedError    the name server, the API server or the table is unavailable
"""

from collections.abc import Sequence


class DiscoveryError(Exception):
    """A service name has no usable address now."""


class NameNotFoundError(DiscoveryError):
    """No searched namespace has the service."""


class NoReadyPodError(DiscoveryError):
    """The service has no ready pod."""


class LookupFailedError(DiscoveryError):
    """The look-up failed; whether the service exists is unknown."""


class AmbiguousNameError(DiscoveryError):
    """Several foreign namespaces have a service of this name; `candidates` are qualified names."""

    def __init__(self, name: str, candidates: Sequence[str]) -> None:
        self.candidates = tuple(candidates)
        super().__init__(
            f"{name}: exists in several namespaces; use one of {', '.join(candidates)}"
        )
