"""What an application carries: `app.state.chassis`."""

from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry

from chassis.client.clients import ServiceClients
from chassis.config.live import LiveConfig
from chassis.health import Health
from chassis.security.token_services import TokenServices
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
