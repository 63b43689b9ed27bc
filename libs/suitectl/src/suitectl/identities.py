"""The identities that commands use.

A JSON file maps each name to its secret: that of the demo, which belongs to cas-server, or
SUITE_IDENTITIES, the `identities.json` that `make secrets` writes for the profile `prod`; in a
cluster under `prod` that file is the default.
"""

import json
import os
from pathlib import Path
from typing import Literal

from suitectl.catalogue import registrations
from suitectl.errors import CommandFailedError
from suitectl.root import ROOT

_VARIABLE = "SUITE_IDENTITIES"
DEFAULT_USER = "alice"
"""Who is meant where a command names nobody."""
DEMO = ROOT / "services/cas-server/src/cas_server/identities/demo_identities.json"
"""The secrets of the demo in clear, which everybody knows."""


def login_client() -> str:
    """Return the client through which people log in."""
    return str(registrations()["password-grant-clients"][0])


def public_client() -> str:
    """Return the client by which a terminal logs in: it has no secret, and any loopback port."""
    for name, client in registrations()["clients"].items():
        if client.get("token-endpoint-auth-method") == "none":
            return str(name)
    raise CommandFailedError("no public client is registered: token-endpoint-auth-method: none")


def credentials(
    name: str, generated: Path | None = None, *, of: Literal["clients", "users"] = "clients"
) -> tuple[str, str]:
    """Return a client's id and secret, or a user's name and password.

    SUITE_IDENTITIES comes first, then `generated`, then the demo. Raises `CommandFailedError`
    where the file lacks them, with the names of such identities, or cannot be read.
    """
    file = os.environ.get(_VARIABLE)
    source = f"{_VARIABLE}={file}" if file else str(generated or "the demo")
    try:
        secrets = json.loads(Path(file or generated or DEMO).read_text(encoding="utf-8"))
        return name, str(secrets[name])
    except KeyError:
        others = registrations()["users" if of == "clients" else "clients"]
        known = ", ".join(one for one in secrets if one not in others)
        reason = f"has no secret of {name}; the {of} are: {known}"
    except (OSError, ValueError, TypeError) as error:
        reason = str(error)
    raise CommandFailedError(f"{source}: {reason}")
