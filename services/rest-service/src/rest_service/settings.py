"""What rest-service reads from its configuration beyond the chassis' sections."""

from chassis import Section, ServiceSettings


class Greeting(Section):
    """The greeting of the active profile."""

    message: str


class RestSettings(ServiceSettings):
    """The sections of every service, the greeting and the pod's own name."""

    greeting: Greeting
    pod: str = "unknown"
