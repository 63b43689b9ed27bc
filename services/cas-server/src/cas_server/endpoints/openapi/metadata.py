"""The OpenAPI description of the metadata and of the published keys: what they contain now."""

from collections.abc import Mapping
from typing import Any

from cas_server.endpoints.keys import JWKS, TOKEN_KEY
from cas_server.endpoints.metadata import OPENID_CONFIGURATION, WELL_KNOWN
from cas_server.endpoints.metadata_fields import metadata_fields
from cas_server.endpoints.openapi.parts import TEXT, Schema, ok, strict_object
from cas_server.settings import CasSettings

_JWK: Schema = {
    "type": "object",  # the others are those of its type (RFC 7518, 6)
    "properties": dict.fromkeys(("kty", "kid", "use", "alg"), TEXT),
    "required": ["kty", "kid", "use", "alg"],
}
_KEYS = strict_object({"keys": {"type": "array", "items": _JWK}}, ["keys"])
_TOKEN_KEY = strict_object({"alg": TEXT, "value": TEXT}, ["alg", "value"])


def paths(settings: CasSettings) -> Mapping[str, Any]:
    """Return what FastAPI can't know of these operations: their successful responses."""
    fields = metadata_fields(settings)
    described = strict_object({name: _schema(value) for name, value in fields.items()}, fields)
    return {
        WELL_KNOWN: _get(described),
        OPENID_CONFIGURATION: _get(described),
        JWKS: _get(_KEYS),
        TOKEN_KEY: _get(_TOKEN_KEY),
    }


def _get(schema: Schema) -> Mapping[str, Any]:
    return {"get": {"responses": {"200": ok(schema)}}}


def _schema(value: Any) -> Schema:
    """Return the schema of a field, which has no other value while the settings stay."""
    if isinstance(value, str | bool):
        return {"const": value}
    return {"type": "array", "items": {"enum": list(value)}}
