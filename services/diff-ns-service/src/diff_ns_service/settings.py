"""What diff-ns-service reads from its configuration beyond the chassis' sections."""

from chassis import ServiceSettings


class DiffNsSettings(ServiceSettings):
    """The sections of every service, and what the pod's manifest says of it."""

    release: str = "unknown"
    pod: str = "unknown"
