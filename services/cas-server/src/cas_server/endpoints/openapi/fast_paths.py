"""The parts of the description, put together."""

from collections.abc import Mapping
from typing import Any

from cas_server.endpoints.openapi import (
    authorization,
    clients,
    logout,
    metadata,
    people,
    schemes,
    userinfo,
)
from cas_server.settings import CasSettings
from chassis import LiveConfig


def document(live: LiveConfig[CasSettings]) -> Mapping[str, Any]:
    """Return the part of the OpenAPI document that describes the fast paths, and the metadata."""
    settings = live.settings
    paths = {
        **clients.paths(),
        **people.paths(),
        **userinfo.paths(settings),
        **authorization.paths(),
        **logout.paths(),
        **metadata.paths(settings),
    }
    return {"paths": paths, "components": {"securitySchemes": schemes.schemes(settings)}}
