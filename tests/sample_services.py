"""The services that tests are tried on, whichever there are."""

import re

import pytest

from suitectl.catalogue import NODE_PORT, Service, apis, services
from suitectl.root import ROOT
from suitectl.story.cast import DEMO, REST_SERVICE

REMOVED = tuple(name for name in DEMO if name not in services())
"""The services of the demo that `make remove-service` took out."""
_DEFAULTED = re.compile(r"\bmake (?:call|greet|break|edit)\b(?!.*\bSERVICE=)")
"""A command that means the demo's service behind a node port, or with a live setting."""
_RELEASES = re.compile(r"\bmake (traffic|canary|blue-green|rollback)\b(?!.*\bSERVICE=)")
"""A command that means the only service with versions."""


def has(service: Service, component: str) -> bool:
    """Say whether a service has a component of its own."""
    return (ROOT / "k8s/base" / service.name / component).is_dir()


def is_outside(service: Service) -> bool:
    """Say whether a service is behind a node port."""
    return NODE_PORT in service.main["metadata"].get("labels", {})


OUTSIDE = min(apis(), key=lambda one: (not is_outside(one), one.language, one.name))
"""The resource service that is reached from outside; where none is, the first one."""
VERSIONED = max(
    apis(), key=lambda one: (len(one.versions), has(one, "gateway-canary"), not one.optional)
)
"""The service with versions; where none has, any, and the tests about versions are skipped."""
needs_chassis = pytest.mark.skipif(
    bool(OUTSIDE.language), reason="no resource service runs the chassis"
)
needs_versions = pytest.mark.skipif(not VERSIONED.versions, reason="no service has versions")


def needs(*names: str) -> pytest.MarkDecorator:
    """Skip a test whose subject is the demo, without these services of it."""
    gone = ", ".join(name for name in names if name not in services())
    return pytest.mark.skipif(bool(gone), reason=f"it is about removed services: {gone}")


def absent(text: str) -> list[str]:
    """Return the removed services that a text is about: it names them, or means one by default."""
    meant = {REST_SERVICE} if _DEFAULTED.search(text) else set[str]()
    return [name for name in REMOVED if name in meant or re.search(_named(name), text)]


def meant(command: str) -> str:
    """Return a page's command as it reads where another service than the demo's has versions."""
    if sum(1 for one in apis() if one.versions) < 2:
        return command
    return _RELEASES.sub(rf"make \1 SERVICE={VERSIONED.name}", command)


def _named(service: str) -> str:
    """Match a service's name, or that of its package."""
    return r"\b" + re.escape(service).replace(r"\-", "[-_]")
