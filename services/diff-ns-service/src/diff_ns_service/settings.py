"""What diff-ns-service reads from its configuration beyond the chassis' sections."""

from chassis import ServiceSettings


class DiffNsSettings(ServiceSettings):
    """Add what the pod's manifest says of it to the sections of every service."""

    release: str = "unknown"
    pod: str = "unknown"
