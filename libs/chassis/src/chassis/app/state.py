"""The shared state of an application, `app.state.chassis`, and the settings of a request."""

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from prometheus_client import CollectorRegistry

from chassis.app.health import Health
from chassis.client.service_clients import ServiceClients
from chassis.config.live import LiveConfig
from chassis.security.authentication import TokenServices
from chassis.telemetry.security_events import SecurityEvents


@dataclass(frozen=True, slots=True)
class Chassis:
    """The parts of one application; there are no globals."""

    title: str
    version: str
    live: LiveConfig[Any]
    registry: CollectorRegistry
    security_events: SecurityEvents
    health: Health
    clients: ServiceClients
    token_services: TokenServices


async def current_settings(request: Request) -> Any:
    """Return the settings of the current request, the same snapshot until its end.

    A service adds the type: `Settings = Annotated[MySettings, Depends(current_settings)]`. The
    function is async because FastAPI runs a plain one in a thread.
    """
    return request.scope["state"]["settings"]
