"""What diff-ns-service reads from its configuration beyond the chassis' sections."""

from pydantic import Field

from chassis import Section, ServiceSettings


class Look(Section):
    """How a version looks to people."""

    greeting: str
    colour: str


class DiffNsSettings(ServiceSettings):
    """The sections of every service, and what the pod's manifest says of it."""

    release: str = "unknown"
    pod: str = "unknown"
    looks: dict[str, Look] = Field(default_factory=dict)
    """By version: both versions share one ConfigMap."""

    @property
    def look(self) -> Look:
        """Return the look of the version that runs."""
        unnamed = Look(greeting=f"Hello from {self.release}", colour="grey")
        return self.looks.get(self.release, unnamed)
