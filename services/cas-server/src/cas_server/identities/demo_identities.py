"""The demo identities, registered by `k8s/base/cas-server/demo-identities.yaml`."""

import json
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

_FILE = files("cas_server.identities") / "demo_identities.json"
DEMO_SECRETS: Mapping[str, str] = MappingProxyType(json.loads(_FILE.read_text("utf-8")))
"""Secret by user name or client id; suitectl reads the same file."""
