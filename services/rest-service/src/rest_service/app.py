"""The application: the chassis and the routes of this service."""

from importlib.metadata import version

from fastapi import FastAPI

import chassis
from chassis import LiveConfig, TokenServices
from rest_service.api import router
from rest_service.settings import RestSettings


def create_app(
    live: LiveConfig[RestSettings], *, token_services: TokenServices | None = None
) -> FastAPI:
    """Build the service on a live configuration; tests bring their own token services."""
    return chassis.create_app(
        live,
        title="rest-service",
        version=version("suite-rest-service"),
        routers=[router],
        token_services=token_services,
    )
