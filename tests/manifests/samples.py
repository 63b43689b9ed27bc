"""The services that checks are tried on: one that is reached from outside, one with versions."""

from sample_services import OUTSIDE, VERSIONED
from suitectl.catalogue import on_chassis, services

API = OUTSIDE
DEPLOYMENT = f"Deployment/{next(iter(API.deployments.values()))}"
V1, *_, V2 = [f"Deployment/{name}" for name in VERSIONED.deployments.values()] * 2
NAMES = tuple(on_chassis())
PRODUCTION = tuple(service for service in services().values() if not service.optional)
"""What production has, where no component brings in what is optional."""
__all__ = ["API", "DEPLOYMENT", "NAMES", "PRODUCTION", "V1", "V2", "VERSIONED"]
