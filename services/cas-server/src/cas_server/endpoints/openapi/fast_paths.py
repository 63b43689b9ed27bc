"""The parts of the description, put together."""

from collections.abc import Mapping
from typing import Any

from cas_server.endpoints.openapi import authorization, clients, logout, people, userinfo


def document() -> Mapping[str, Any]:
    """Return the part of the OpenAPI document that describes the fast paths."""
    parts = clients, people, userinfo, authorization, logout
    paths = {path: described for part in parts for path, described in part.paths().items()}
    schemes = {**clients.SCHEMES, **people.SCHEMES}
    return {"paths": paths, "components": {"securitySchemes": schemes}}
