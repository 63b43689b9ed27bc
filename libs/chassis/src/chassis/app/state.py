"""What an application carries, `app.state.chassis`, and what a request sees of it."""

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
    """The parts of one application, each with one owner and no global twin."""

    title: str
    version: str
    live: LiveConfig[Any]
    registry: CollectorRegistry
    security_events: SecurityEvents
    health: Health
    clients: ServiceClients
    token_services: TokenServices


async def current_settings(request: Request) -> Any:
    """Return the settings of this request: one snapshot, from its start to its end.

    Async, although it awaits nothing: FastAPI runs a plain function in a thread.

    A service gives it its type: `Settings = Annotated[MySettings, Depends(current_settings)]`.
    """
    return request.state.settings
