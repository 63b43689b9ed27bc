"""The application: the chassis and the routes of this service."""

from importlib.metadata import version

from fastapi import FastAPI

import chassis
from chassis import LiveConfig, TokenServices
from diff_ns_service.api import router
from diff_ns_service.settings import DiffNsSettings


def create_app(
    live: LiveConfig[DiffNsSettings], *, token_services: TokenServices | None = None
) -> FastAPI:
    """Build the service on a live configuration; tests bring their own token services."""
    return chassis.create_app(
        live,
        title="diff-ns-service",
        version=version("suite-diff-ns-service"),
        routers=[router],
        token_services=token_services,
    )
