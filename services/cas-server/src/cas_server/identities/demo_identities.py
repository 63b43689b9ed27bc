"""The demo identities, registered by `k8s/base/cas-server/demo-identities.yaml`."""

from collections.abc import Mapping
from types import MappingProxyType

from chassis.config.settings import demo_secret

_NAMES = (
    *("alice", "admin"),
    *("rest-service", "diff-ns-service", "demo-app", "short-lived-app", "read-only-app"),
)

DEMO_SECRETS: Mapping[str, str] = MappingProxyType({name: demo_secret(name) for name in _NAMES})
"""Secret by user name or client id."""
