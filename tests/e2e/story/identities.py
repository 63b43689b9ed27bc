"""Who appears in the story: the demo identities, or those of SUITE_IDENTITIES.

That file is the `identities.json` which `make secrets` writes for the profile `prod`.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from cas_server.identities.demo_identities import DEMO_SECRETS

CAS = ("cas-server-service", "system-server")
REST = ("rest-service-service", "system-server")
DIFF_NS = ("diff-ns-service-service", "ns-app")

APP = "demo-app"
"""The client through which people log in."""


def credentials(name: str) -> tuple[str, str]:
    """Return a client's id and secret, or a user's name and password."""
    return name, _secrets()[name]


def _secrets() -> Mapping[str, str]:
    file = os.environ.get("SUITE_IDENTITIES")
    if file is None:
        return DEMO_SECRETS
    generated: dict[str, str] = json.loads(Path(file).read_text())
    return generated
