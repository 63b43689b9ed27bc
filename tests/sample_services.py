"""The services that tests are tried on, whichever there are."""

import pytest

from suitectl.catalogue import NODE_PORT, Service, apis, services
from suitectl.root import ROOT
from suitectl.story.cast import DIFF_NS_SERVICE, REST_SERVICE

REMOVED = tuple(name for name in (REST_SERVICE, DIFF_NS_SERVICE) if name not in services())
"""The services of the demo that `make remove-service` took out."""


def has(service: Service, component: str) -> bool:
    """Say whether a service has a component of its own."""
    return (ROOT / "k8s/base" / service.name / component).is_dir()


def is_outside(service: Service) -> bool:
    """Say whether a service is behind a node port."""
    return NODE_PORT in service.main["metadata"].get("labels", {})


OUTSIDE = min(apis(), key=lambda one: (not is_outside(one), one.language, one.name))
"""The resource service that is reached from outside; where none is, the first one."""
VERSIONED = max(apis(), key=lambda service: (len(service.versions), has(service, "gateway-canary")))
"""The service with versions; where none has, any, and the tests about versions are skipped."""
needs_versions = pytest.mark.skipif(not VERSIONED.versions, reason="no service has versions")
needs_demo = pytest.mark.skipif(
    bool(REMOVED), reason=f"its examples are of removed services: {', '.join(REMOVED)}"
)
