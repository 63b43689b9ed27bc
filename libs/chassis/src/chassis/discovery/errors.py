"""What can go wrong when a name is looked up.

DiscoveryError
├── NameNotFoundError    nobody has that name
├── AmbiguousNameError   several namespaces have it and none of them is the own one
├── NoReadyPodError      the service is there, and none of its pods takes calls
└── LookupFailedError    nobody could say: the name server, the API server or the
                         table is unreachable
"""

from collections.abc import Sequence


class DiscoveryError(Exception):
    """Say that a service name has no usable address now."""


class NameNotFoundError(DiscoveryError):
    """Say that no namespace looked at has the service."""


class NoReadyPodError(DiscoveryError):
    """Say that a service has no pod to call now."""


class LookupFailedError(DiscoveryError):
    """Say that the look-up itself failed, which tells nothing of the service."""


class AmbiguousNameError(DiscoveryError):
    """Name the candidates of a service name that stands in several foreign namespaces."""

    def __init__(self, name: str, candidates: Sequence[str]) -> None:
        self.candidates = tuple(candidates)
        super().__init__(
            f"{name}: stands in several namespaces; call it by one of {', '.join(candidates)}"
        )
