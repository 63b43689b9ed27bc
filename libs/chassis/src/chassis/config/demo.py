"""The demo identities: known to everyone, hence refused under the profile `prod`."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from chassis.config.errors import ConfigError

DEMO_SECRETS: Mapping[str, str] = MappingProxyType(
    {
        "alice": "alice-123",
        "admin": "admin-123",
        "rest-service": "rest-service-123",
        "diff-ns-service": "diff-ns-service-123",
        "demo-app": "demo-app-123",
        "short-lived-app": "short-lived-app-123",
        "read-only-app": "read-only-app-123",
    }
)
"""Secret by user name or client id."""


def refuse_demo_secrets(profiles: Iterable[str], credentials: Iterable[tuple[str, str]]) -> None:
    """Raise `ConfigError` under `prod` where a secret, given with its owner, is a demo secret."""
    if "prod" not in profiles:
        return
    for owner, secret in credentials:
        if secret in DEMO_SECRETS.values():
            reason = "a demo secret is refused under the profile prod; run make secrets"
            raise ConfigError(reason, key=owner)
