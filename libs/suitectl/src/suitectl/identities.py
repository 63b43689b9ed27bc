"""The identities that commands use, and the Services they call.

A JSON file maps each name to its secret: that of the demo, which belongs to cas-server, or
SUITE_IDENTITIES, the `identities.json` that `make secrets` writes for the profile `prod`.
"""

import json
import os
from pathlib import Path

from suitectl.errors import CommandFailedError
from suitectl.root import ROOT

CAS = ("cas-server-service", "system-server")
REST = ("rest-service-service", "system-server")
DIFF_NS = ("diff-ns-service-service", "ns-app")

APP = "demo-app"
"""The client through which people log in."""
_VARIABLE = "SUITE_IDENTITIES"
_DEMO = ROOT / "services/cas-server/src/cas_server/identities/demo_identities.json"


def credentials(name: str) -> tuple[str, str]:
    """Return a client's id and secret, or a user's name and password.

    Raises `CommandFailedError` where the file lacks them or cannot be read.
    """
    file = os.environ.get(_VARIABLE)
    source = f"{_VARIABLE}={file}" if file else "the demo"
    try:
        secrets = json.loads(Path(file or _DEMO).read_text(encoding="utf-8"))
        return name, str(secrets[name])
    except KeyError:
        reason = f"has no secret of {name}; there are: {', '.join(secrets)}"
    except (OSError, ValueError, TypeError) as error:
        reason = str(error)
    raise CommandFailedError(f"{source}: {reason}")
