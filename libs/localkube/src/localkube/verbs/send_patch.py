"""Send the changes of an object that was read, also where others changed it meanwhile."""

from typing import Any

from localkube.api.patches import conflicts
from localkube.control.client import Client
from localkube.errors import LocalkubeError

TRIES = 10
"""Attempts to patch while others change other fields of the object."""


def send_patch(client: Client, place: dict[str, str], before: Any, patch: Any) -> str:
    """Patch the version that was read, or a later one without conflicting changes.

    Returns the line to print; raises `LocalkubeError`.
    """
    version = before["metadata"]["resourceVersion"]
    for attempt in range(1, TRIES + 1):
        try:
            line = client.call("patch", **place, how="merge", patch=_for(version, patch))["line"]
            return str(line)
        except LocalkubeError:
            live = client.get(**place)
            modified = live["metadata"]["resourceVersion"] != version
            if not modified or conflicts(patch, before, live) or attempt == TRIES:
                raise
            version = live["metadata"]["resourceVersion"]
    raise AssertionError


def _for(version: str, patch: Any) -> Any:
    metadata = patch.get("metadata", {})
    if not isinstance(metadata, dict):
        return patch
    return {**patch, "metadata": {**metadata, "resourceVersion": version}}
