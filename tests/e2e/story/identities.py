"""Who appears in the story: the demo identities, from their one file."""

from chassis.config.demo import DEMO_SECRETS

CAS = ("cas-server-service", "system-server")
REST = ("rest-service-service", "system-server")
DIFF_NS = ("diff-ns-service-service", "ns-app")

APP = "demo-app"
"""The client through which people log in."""


def credentials(name: str) -> tuple[str, str]:
    """Return a client's id and secret, or a user's name and password."""
    return name, DEMO_SECRETS[name]
