"""What rest-service reads from its configuration beyond the chassis' sections."""

from chassis import Section, ServiceSettings


class Greeting(Section):
    """Hold the greeting of the active profile."""

    message: str


class RestSettings(ServiceSettings):
    """Add the greeting and the pod's own name to the sections of every service."""

    greeting: Greeting
    pod: str = "unknown"
