"""What rest-service reads from its configuration beyond the chassis' sections."""

from pydantic import BaseModel, ConfigDict

from chassis import ServiceSettings


class Greeting(BaseModel):
    """Hold the greeting of the active profile."""

    model_config = ConfigDict(frozen=True)

    message: str


class RestSettings(ServiceSettings):
    """Add the greeting and the pod's own name to the sections of every service."""

    greeting: Greeting
    pod: str = "unknown"
