"""The application: the chassis and the routes of this service."""

from importlib.metadata import version

from fastapi import FastAPI

import chassis
from chassis import LiveConfig
from rest_service.api import router
from rest_service.settings import RestSettings


def create_app(live: LiveConfig[RestSettings]) -> FastAPI:
    """Build the service on a live configuration."""
    return chassis.create_app(
        live, title="rest-service", version=version("suite-rest-service"), routers=[router]
    )
