"""The services that checks are tried on: one that is reached from outside, one with versions."""

import pytest

from sample_services import OUTSIDE, VERSIONED, has, needs_chassis
from suitectl.catalogue import on_chassis, services

API = OUTSIDE
DEPLOYMENT = f"Deployment/{next(iter(API.deployments.values()))}"
V1, *_, V2 = [f"Deployment/{name}" for name in VERSIONED.deployments.values()] * 2
NAMES = tuple(on_chassis())
PRODUCTION = tuple(service for service in services().values() if not service.optional)
"""What production has, where no component brings in what is optional."""
needs_production = pytest.mark.skipif(
    API not in PRODUCTION, reason="no resource service is in production"
)
needs_weights = pytest.mark.skipif(
    not has(VERSIONED, "gateway-canary"), reason="no service shares its traffic at a Gateway"
)
__all__ = [
    "API",
    "DEPLOYMENT",
    "NAMES",
    "PRODUCTION",
    "V1",
    "V2",
    "VERSIONED",
    "needs_chassis",
    "needs_production",
    "needs_weights",
]
