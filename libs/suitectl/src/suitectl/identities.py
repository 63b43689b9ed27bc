"""Who appears in the demo: its identities, or those of SUITE_IDENTITIES.

That file is the `identities.json` which `make secrets` writes for the profile `prod`.
"""

import json
import os
from pathlib import Path

from suitectl.errors import CommandFailedError

USERS = ("admin", "alice")
CLIENTS = ("demo-app", "diff-ns-service", "read-only-app", "rest-service", "short-lived-app")

CAS = ("cas-server-service", "system-server")
REST = ("rest-service-service", "system-server")
DIFF_NS = ("diff-ns-service-service", "ns-app")

APP = "demo-app"
"""The client through which people log in."""


def credentials(name: str) -> tuple[str, str]:
    """Return a client's id and secret, or a user's name and password.

    Raises `CommandFailedError` where SUITE_IDENTITIES is set and lacks them.
    """
    file = os.environ.get("SUITE_IDENTITIES")
    if file is None:
        return name, demo_secret(name)
    try:
        return name, str(json.loads(Path(file).read_text())[name])
    except KeyError:
        reason = f"has no secret of {name}"
    except (OSError, ValueError, TypeError) as error:
        reason = str(error)
    raise CommandFailedError(f"SUITE_IDENTITIES={file}: {reason}")


def demo_secret(name: str) -> str:
    """Return the secret that cas-server registers for a demo identity."""
    # Not imported from cas-server, whose imports take longer than a request for a token.
    return f"{name}-123"
