"""The OpenAPI description of the fast paths, which FastAPI does not see."""

from collections.abc import Mapping, Sequence
from typing import Any

from cas_server.endpoints import openapi_logout, openapi_pages, openapi_people
from cas_server.endpoints.userinfo import USERINFO
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
from cas_server.oidc.scopes import OPENID
from chassis import error_responses
from chassis.errors import (
    AccessDenied,
    ApiError,
    InsufficientScope,
    InvalidRequest,
    InvalidToken,
    PayloadTooLarge,
    TemporarilyUnavailable,
)
from chassis.security import Unauthenticated

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_PASSWORD = {"type": "string", "format": "password"}
_SECONDS = {"type": "integer", "minimum": 1}
# An empty parameter is an omitted one (RFC 6749, 3.2).
_TOKEN = {"token": {"type": "string", "minLength": 1, "maxLength": MAX_TOKEN}}
_TOKEN_AND_HINT = {**_TOKEN, "token_type_hint": _TEXT}
_BASIC, _BEARER = "client_secret_basic", "bearer"
_SCHEMES = {_BASIC: {"type": "http", "scheme": "basic", "description": "Client id and secret"}}
_CREDENTIALS = {"client_id": _TEXT, "client_secret": _PASSWORD}


def document() -> Mapping[str, Any]:
    """Return the part of the OpenAPI document that describes the fast paths."""
    operations = (_check_token(), _introspect(), _revoke(), _token())
    paths: dict[str, Any] = {
        f"/oauth/{operation['operationId']}": {"post": operation} for operation in operations
    }
    paths |= openapi_people.paths()
    paths[USERINFO] = {"get": _userinfo(), "post": _userinfo_by_form()}
    paths |= {**openapi_pages.paths(), **openapi_logout.paths()}
    schemes = {**_SCHEMES, **openapi_people.SCHEMES}
    return {"paths": paths, "components": {"securitySchemes": schemes}}


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
        **dict.fromkeys(("scope", "username", "refresh_token", "redirect_uri"), _TEXT),
        **dict.fromkeys(("password", "code", "code_verifier"), _PASSWORD),
        **_CREDENTIALS,
    }
    fields = {
        "access_token": _TEXT,
        "token_type": {"const": "bearer"},
        **dict.fromkeys(("refresh_token", "id_token"), _TEXT),
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


def _userinfo() -> Mapping[str, Any]:
    claims = {
        **dict.fromkeys(("sub", "name", "preferred_username", "email"), _TEXT),
        "email_verified": {"type": "boolean"},
    }
    return {
        "operationId": "userinfo",
        "summary": "Describe the user of an access token (OIDC Core, 5.3)",
        "security": [{_BEARER: []}],
        "responses": {
            "200": _ok(_object(claims, ("sub",))),
            **error_responses(
                *(InvalidRequest(), Unauthenticated(), InvalidToken()),
                *(InsufficientScope([OPENID]), TemporarilyUnavailable()),
            ),
        },
    }


def _userinfo_by_form() -> Mapping[str, Any]:
    """Describe the POST, whose token is in the header, or in a form (RFC 6750, 2.2)."""
    operation = _userinfo()
    form = _form({"access_token": {"type": "string", "maxLength": MAX_TOKEN}}, ())
    return {
        **operation,
        "operationId": "userinfo_by_form",
        "security": [{_BEARER: []}, {}],
        "requestBody": {"content": form},
        "responses": {**operation["responses"], **error_responses(PayloadTooLarge())},
    }


def _ok(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"description": "OK", "content": {"application/json": {"schema": schema}}}


def _form(properties: Mapping[str, Any], required: Sequence[str]) -> Mapping[str, Any]:
    schema = {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": _TEXT,  # what the server does not know, it ignores, but not twice
        "maxProperties": MAX_PARAMETERS,
    }
    return {FORM_TYPE.decode(): {"schema": schema}}


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
    return {
        "operationId": name,
        "summary": summary,
        "security": [{_BASIC: []}, {}],
        "requestBody": {"required": True, "content": _form(form, list(form)[:1])},
        "responses": {
            "200": _ok(response),
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
