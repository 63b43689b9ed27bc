"""The chassis every service of the suite stands on."""

from chassis.app import create_app
from chassis.client import (
    ClientCredentials,
    ServiceClient,
    ServiceClients,
    TokenRelay,
    service_client,
)
from chassis.config import ConfigError, LiveConfig, Section, ServiceSettings
from chassis.dependencies import current_settings
from chassis.errors import ApiError
from chassis.health import ReadyCheck
from chassis.security import (
    Authentication,
    CurrentAuthentication,
    TokenServices,
    any_of,
    authority,
    requires,
    scope,
)
from chassis.server import run_service
from chassis.state import Chassis

__all__ = [
    "ApiError",
    "Authentication",
    "Chassis",
    "ClientCredentials",
    "ConfigError",
    "CurrentAuthentication",
    "LiveConfig",
    "ReadyCheck",
    "Section",
    "ServiceClient",
    "ServiceClients",
    "ServiceSettings",
    "TokenRelay",
    "TokenServices",
    "any_of",
    "authority",
    "create_app",
    "current_settings",
    "requires",
    "run_service",
    "scope",
    "service_client",
]
