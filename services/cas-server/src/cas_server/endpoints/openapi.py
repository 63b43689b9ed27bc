"""The OpenAPI description of the fast paths, which FastAPI does not see."""

from collections.abc import Mapping
from typing import Any

from cas_server.errors import (
    InvalidClient,
    InvalidGrant,
    InvalidScope,
    TooManyFailures,
    UnauthorizedClient,
    UnrecognisedToken,
    UnsupportedGrantType,
)
from cas_server.forms import FORM_TYPE, MAX_PARAMETERS, MAX_TOKEN
from cas_server.grant_names import GRANT_NAMES
from chassis import error_responses
from chassis.errors import (
    AccessDenied,
    ApiError,
    InvalidRequest,
    PayloadTooLarge,
    TemporarilyUnavailable,
)

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_PASSWORD = {"type": "string", "format": "password"}
_SECONDS = {"type": "integer", "minimum": 1}
# An empty parameter is an omitted one (RFC 6749, 3.2).
_TOKEN = {"token": {"type": "string", "minLength": 1, "maxLength": MAX_TOKEN}}
_TOKEN_AND_HINT = {**_TOKEN, "token_type_hint": _TEXT}
_BASIC = "client_secret_basic"
_SCHEMES = {_BASIC: {"type": "http", "scheme": "basic", "description": "Client id and secret"}}
_CREDENTIALS = {"client_id": _TEXT, "client_secret": _PASSWORD}


def document() -> Mapping[str, Any]:
    """Return the part of the OpenAPI document that describes the fast paths."""
    operations = (_check_token(), _introspect(), _revoke(), _token())
    paths = {f"/oauth/{operation['operationId']}": {"post": operation} for operation in operations}
    return {"paths": paths, "components": {"securitySchemes": _SCHEMES}}


def _check_token() -> Mapping[str, Any]:
    claims = {
        "active": {"const": True},
        **dict.fromkeys(("client_id", "user_name", "jti"), _TEXT),
        **dict.fromkeys(("authorities", "scope", "aud"), _TEXTS),
        **dict.fromkeys(("exp", "iat"), _SECONDS),
    }
    always = ("active", "client_id", "scope", "aud", "exp", "iat", "jti")
    operation = _form_post(
        "check_token",
        "Check an access token, as Spring's RemoteTokenServices does",
        _TOKEN,
        _object(claims, always),
        *(UnrecognisedToken(), AccessDenied()),
    )
    return {**operation, "security": [{_BASIC: []}]}


def _introspect() -> Mapping[str, Any]:
    claims = {
        "active": {"type": "boolean"},
        **dict.fromkeys(("client_id", "username", "scope", "jti", "iss", "sub"), _TEXT),
        **dict.fromkeys(("exp", "iat", "nbf"), _SECONDS),
        "token_type": {"const": "Bearer"},
        **dict.fromkeys(("aud", "authorities"), _TEXTS),
    }
    return _form_post(
        "introspect",
        "Introspect an access token (RFC 7662)",
        {**_TOKEN_AND_HINT, **_CREDENTIALS},
        _object(claims, ("active",)),
        AccessDenied(),
    )


def _revoke() -> Mapping[str, Any]:
    form = {**_TOKEN_AND_HINT, **_CREDENTIALS}
    return _form_post("revoke", "Revoke a token (RFC 7009)", form, _object({}), InvalidGrant())


def _token() -> Mapping[str, Any]:
    form = {
        "grant_type": {"enum": list(GRANT_NAMES)},
        **dict.fromkeys(("scope", "username", "refresh_token"), _TEXT),
        "password": _PASSWORD,
        **_CREDENTIALS,
    }
    fields = {
        "access_token": _TEXT,
        "token_type": {"const": "bearer"},
        "refresh_token": _TEXT,
        "expires_in": _SECONDS,
        "scope": _TEXT,
    }
    return _form_post(
        "token",
        "Issue tokens (RFC 6749, 3.2)",
        form,
        _object(fields, ("access_token", "token_type", "expires_in", "scope")),
        *(InvalidGrant(), InvalidScope(), UnauthorizedClient(), UnsupportedGrantType()),
    )


def _form_post(
    name: str,
    summary: str,
    form: Mapping[str, Any],
    response: Mapping[str, Any],
    *errors: ApiError,
) -> Mapping[str, Any]:
    """Describe the POST of a form, whose first parameter is required, by a client.

    OpenAPI has no scheme for credentials in a form (client_secret_post), so they are parameters
    and the header is optional.
    """
    schema = {
        "type": "object",
        "properties": dict(form),
        "required": list(form)[:1],
        "additionalProperties": _TEXT,  # what the server does not know, it ignores, but not twice
        "maxProperties": MAX_PARAMETERS,
    }
    return {
        "operationId": name,
        "summary": summary,
        "security": [{_BASIC: []}, {}],
        "requestBody": {"required": True, "content": {FORM_TYPE.decode(): {"schema": schema}}},
        "responses": {
            "200": {"description": "OK", "content": {"application/json": {"schema": response}}},
            **error_responses(
                *(InvalidRequest(), InvalidClient(), PayloadTooLarge()),
                *(TooManyFailures(1), TemporarilyUnavailable(), *errors),
            ),
        },
    }


def _object(properties: Mapping[str, Any], required: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """Return the schema of an object with at most these properties."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
