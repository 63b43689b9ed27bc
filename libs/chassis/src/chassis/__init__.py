"""The chassis of every service: its public names."""

import chassis.lean_imports  # first: what it imports is imported once
from chassis.app.application import create_app
from chassis.app.health import ReadyCheck
from chassis.app.openapi import error_responses
from chassis.app.state import Chassis, current_settings
from chassis.client import (
    ClientCredentials,
    ServiceClient,
    ServiceClients,
    TokenRelay,
    service_client,
)
from chassis.config import ConfigError, LiveConfig, Section, ServiceSettings
from chassis.errors import ApiError
from chassis.security import (
    Authentication,
    CurrentAuthentication,
    TokenServices,
    any_of,
    authority,
    login,
    requires,
    scope,
)
from chassis.serving.server import run_service

chassis.lean_imports.finish()

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
    "error_responses",
    "login",
    "requires",
    "run_service",
    "scope",
    "service_client",
]
