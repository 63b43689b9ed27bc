"""Secrets of the suite as the cluster has them."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from suitectl.errors import CommandFailedError
from suitectl.platform.platform import Platform

NAMESPACE = "system-server"
"""Where cas-server and Redis are, and what is theirs alone."""


async def data_of(platform: Platform, name: str) -> dict[str, str] | None:
    """Return the data of a Secret; None where it does not exist."""
    how = ("-n", NAMESPACE, name, "--ignore-not-found", "-o", "json")
    found = await platform.run("get", "secret", *how)
    if not found.strip():
        return None
    data = json.loads(found).get("data", {})
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


async def created(platform: Platform, secret: Mapping[str, Any]) -> dict[str, str] | None:
    """Create a Secret; return the data of the one that a concurrent call created before.

    Raises `CommandFailedError` where there is neither.
    """
    try:
        await platform.run("create", "-f", "-", stdin=json.dumps(secret))
    except CommandFailedError:
        if (existing := await data_of(platform, secret["metadata"]["name"])) is None:
            raise
        return existing
    return None
