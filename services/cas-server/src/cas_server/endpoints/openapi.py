"""The OpenAPI description of what is served before FastAPI, made of the errors themselves."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from starlette.types import Receive, Scope, Send

from cas_server.errors import InvalidClient, TooManyFailures
from cas_server.forms import FORM_TYPE, MAX_TOKEN
from chassis.errors import ApiError, InvalidRequest, PayloadTooLarge, TemporarilyUnavailable

TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
PASSWORD = {"type": "string", "format": "password"}
SECONDS = {"type": "integer", "minimum": 1}
TOKEN = {"token": {"type": "string", "maxLength": MAX_TOKEN}}
_BASIC = "client_secret_basic"
_SCHEMES = {_BASIC: {"type": "http", "scheme": "basic", "description": "Client id and secret"}}
_CREDENTIALS = {"client_id": TEXT, "client_secret": PASSWORD}
_ANY_FORM = (
    *(InvalidRequest(), InvalidClient(), PayloadTooLarge()),
    *(TooManyFailures(1), TemporarilyUnavailable()),
)


class Endpoint(Protocol):
    """An ASGI application with the description of its path."""

    openapi: Mapping[str, Any]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; raise an `ApiError`."""


def document(endpoints: Mapping[str, Endpoint]) -> Mapping[str, Any]:
    """Return the part of the OpenAPI document that describes these endpoints."""
    paths = {path: endpoint.openapi for path, endpoint in endpoints.items()}
    return {"paths": paths, "components": {"securitySchemes": _SCHEMES}}


def form_post(
    summary: str,
    form: Mapping[str, Any],
    response: Mapping[str, Any],
    errors: Iterable[ApiError],
    *,
    takes_post_credentials: bool = True,
) -> Mapping[str, Any]:
    """Describe the POST of a form, whose first parameter is required, by a client.

    OpenAPI has no scheme for credentials in a form (client_secret_post): they are parameters, and
    the header is optional.
    """
    if takes_post_credentials:
        form = {**form, **_CREDENTIALS}
    schema = {**_object(form), "required": list(form)[:1]}
    operation = {
        "summary": summary,
        "security": [{_BASIC: []}, *([{}] if takes_post_credentials else [])],
        "requestBody": {"required": True, "content": {FORM_TYPE.decode(): {"schema": schema}}},
        "responses": {
            "200": {"description": "OK", **_json(response)},
            **error_responses(*_ANY_FORM, *errors),
        },
    }
    return {"post": operation}


def json_object(*required: str, **properties: Any) -> Mapping[str, Any]:
    """Return the schema of an object with at most these properties."""
    return {**_object(properties), "required": list(required), "additionalProperties": False}


def error_responses(*errors: ApiError) -> dict[int | str, dict[str, Any]]:
    """Describe errors by status: what any of them may say, and the headers all of them have."""
    by_status: dict[str, list[ApiError]] = {}
    for error in errors:
        by_status.setdefault(str(error.status), []).append(error)
    return {status: _response(alike) for status, alike in sorted(by_status.items())}


def _response(errors: list[ApiError]) -> dict[str, Any]:
    names = [name for name in errors[0].headers if all(name in error.headers for error in errors)]
    codes = list(dict.fromkeys(error.error for error in errors))
    schema = json_object(
        "error", "error_description", error={"enum": codes}, error_description=TEXT
    )
    return {
        "description": " ".join(error.description for error in errors),
        "headers": {name: {"required": True, "schema": TEXT} for name in names},
        **_json(schema),
    }


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties)}


def _json(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}
