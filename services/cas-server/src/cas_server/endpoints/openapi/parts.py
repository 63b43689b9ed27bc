"""What the descriptions share: schemas, forms, JSON responses, pages and redirects."""

from collections.abc import Iterable, Mapping
from typing import Any

from cas_server.forms import FORM_TYPE, MAX_PARAMETERS
from chassis import error_responses
from chassis.errors import ApiError

Schema = Mapping[str, Any]
TEXT: Schema = {"type": "string"}
TEXTS: Schema = {"type": "array", "items": TEXT}
PASSWORD: Schema = {"type": "string", "format": "password"}
SECONDS: Schema = {"type": "integer", "minimum": 1}
_HTML = {"text/html": {"schema": TEXT}}
_LOCATION = {"Location": {"required": True, "schema": TEXT}}


def strict_object(properties: Schema, required: Iterable[str] = ()) -> Schema:
    """Return the schema of an object with at most these properties."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def ok(schema: Schema) -> Mapping[str, Any]:
    """Describe a successful response."""
    return {"description": "OK", "content": {"application/json": {"schema": schema}}}


def form(properties: Schema, required: Iterable[str] = ()) -> Mapping[str, Any]:
    """Describe the content of a form: what the server does not know it ignores, but not twice."""
    schema = {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": TEXT,
        "maxProperties": MAX_PARAMETERS,
    }
    return {FORM_TYPE.decode(): {"schema": schema}}


def form_body(properties: Schema, required: Iterable[str] = ()) -> Mapping[str, Any]:
    """Describe the body of a request that has to have a form."""
    return {"required": True, "content": form(properties, required)}


def page_responses(*errors: ApiError, page: str = "", leads: str = "") -> Mapping[str, Any]:
    """Describe what a browser gets: a page, or the way to where a request leads, or an error.

    An error is a page for who accepts HTML, as browsers do.
    """
    found: dict[str, Any] = {}
    if page:
        found["200"] = {"description": page, "content": _HTML}
    if leads:
        found["303"] = {"description": leads, "headers": _LOCATION}
    for status, described in error_responses(*errors).items():
        found[str(status)] = {**described, "content": {**described["content"], **_HTML}}
    return found
