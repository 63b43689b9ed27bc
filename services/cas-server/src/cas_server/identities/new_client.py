"""What `cas-server new-client` prints: a registration as the configuration reads it."""

import re
import secrets
from typing import Any

import yaml

from cas_server.grant_names import CLIENT_CREDENTIALS
from cas_server.identities.names import fault_of
from cas_server.passwords.hashing import hash_generated
from chassis.config.tree import parts_of
from chassis.normal_form import nfc


def new_registration(name: str) -> str:
    """Return a registration with a generated secret, shown once; raise `ValueError`."""
    if fault := fault_of(name):
        raise ValueError(f"the name {fault}")
    if ".".join(parts_of(name)) != name:
        raise ValueError("the name has brackets that would be read as Spring's, around a name")
    name, secret = nfc(name), secrets.token_urlsafe(32)
    client: dict[str, Any] = {
        "client-secret": hash_generated(secret),
        "authorized-grant-types": [CLIENT_CREDENTIALS],
        "scope": ["read"],
        # White space separates audiences on the wire, and `${` would be a placeholder.
        "resource-ids": [re.sub(r"[\s$]+", "-", name)],
    }
    # The YAML writer quotes what needs quotes: `no`, `1.0`, `*`, `#`, `@`.
    written = yaml.safe_dump(
        {"clients": {name: client}}, sort_keys=False, allow_unicode=True, width=1000
    )
    return f"# the secret, for the client alone: {secret}\n{written.rstrip()}"
