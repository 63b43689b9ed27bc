"""The platforms by the names that PLATFORM knows them by."""

from suitectl.errors import CommandFailedError
from suitectl.platform.kubernetes import Kubernetes
from suitectl.platform.localkube import Localkube
from suitectl.platform.platform import Platform


def platform_named(name: str) -> Platform:
    """Return the user's own localkube, or the cluster of the current kubeconfig."""
    if name == Localkube.name:
        return Localkube()
    if name == Kubernetes.name:
        return Kubernetes()
    known = f"{Localkube.name} or {Kubernetes.name}"
    raise CommandFailedError(f"PLATFORM={name}: no such platform; take {known}")
