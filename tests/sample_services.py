"""The services that tests are tried on, whichever there are."""

import pytest

from suitectl.catalogue import NODE_PORT, Service, apis
from suitectl.root import ROOT


def has(service: Service, component: str) -> bool:
    """Say whether a service has a component of its own."""
    return (ROOT / "k8s/base" / service.name / component).is_dir()


def _is_outside(service: Service) -> bool:
    return NODE_PORT in service.main["metadata"].get("labels", {})


OUTSIDE = min(apis(), key=lambda service: (not _is_outside(service), service.name))
"""The resource service that is reached from outside; where none is, the first one."""
VERSIONED = max(apis(), key=lambda service: (len(service.versions), has(service, "gateway-canary")))
"""The service with versions; where none has, any, and the tests about versions are skipped."""
needs_outside = pytest.mark.skipif(
    not _is_outside(OUTSIDE), reason="no service is reached from outside"
)
needs_versions = pytest.mark.skipif(not VERSIONED.versions, reason="no service has versions")
needs_gateway_canary = pytest.mark.skipif(
    not has(VERSIONED, "gateway-canary"), reason="no service with versions is at the Gateway"
)
needs_calls = pytest.mark.skipif(VERSIONED is OUTSIDE, reason="there is one resource service only")
