"""The OpenAPI description of the endpoints at which clients authenticate."""

from collections.abc import Mapping
from typing import Any

from cas_server.endpoints.openapi.parts import (
    PASSWORD,
    SECONDS,
    TEXT,
    TEXTS,
    Schema,
    form_body,
    ok,
    strict_object,
)
from cas_server.endpoints.openapi.schemes import BASIC
from cas_server.errors import (
    InvalidClient,
    InvalidGrant,
    InvalidScope,
    TooManyFailures,
    UnauthorizedClient,
    UnrecognisedToken,
    UnsupportedGrantType,
)
from cas_server.forms import MAX_TOKEN
from cas_server.grant_names import GRANT_NAMES
from chassis import error_responses
from chassis.errors import (
    AccessDenied,
    ApiError,
    InvalidRequest,
    PayloadTooLarge,
    TemporarilyUnavailable,
)

# An empty parameter is an omitted one (RFC 6749, 3.2).
_TOKEN = {"token": {"type": "string", "minLength": 1, "maxLength": MAX_TOKEN}}
_TOKEN_AND_HINT = {**_TOKEN, "token_type_hint": TEXT}
_CREDENTIALS = {"client_id": TEXT, "client_secret": PASSWORD}


def paths() -> Mapping[str, Any]:
    """Return the operations by path."""
    operations = (_check_token(), _introspect(), _revoke(), _token())
    return {f"/oauth/{operation['operationId']}": {"post": operation} for operation in operations}


def _check_token() -> Mapping[str, Any]:
    claims = {
        "active": {"const": True},
        **dict.fromkeys(("client_id", "user_name", "jti"), TEXT),
        **dict.fromkeys(("authorities", "scope", "aud"), TEXTS),
        **dict.fromkeys(("exp", "iat"), SECONDS),
    }
    always = ("active", "client_id", "scope", "aud", "exp", "iat", "jti")
    operation = _by_client(
        "check_token",
        "Check an access token, as Spring's RemoteTokenServices does",
        _TOKEN,
        strict_object(claims, always),
        *(UnrecognisedToken(), AccessDenied()),
    )
    return {**operation, "security": [{BASIC: []}]}


def _introspect() -> Mapping[str, Any]:
    claims = {
        "active": {"type": "boolean"},
        **dict.fromkeys(("client_id", "username", "scope", "jti", "iss", "sub"), TEXT),
        **dict.fromkeys(("exp", "iat", "nbf"), SECONDS),
        "token_type": {"const": "Bearer"},
        **dict.fromkeys(("aud", "authorities"), TEXTS),
    }
    return _by_client(
        "introspect",
        "Introspect an access token (RFC 7662)",
        {**_TOKEN_AND_HINT, **_CREDENTIALS},
        strict_object(claims, ("active",)),
        AccessDenied(),
    )


def _revoke() -> Mapping[str, Any]:
    parameters = {**_TOKEN_AND_HINT, **_CREDENTIALS}
    summary = "Revoke a token (RFC 7009)"
    return _by_client("revoke", summary, parameters, strict_object({}), InvalidGrant())


def _token() -> Mapping[str, Any]:
    parameters = {
        "grant_type": {"enum": list(GRANT_NAMES)},
        **dict.fromkeys(("scope", "username", "refresh_token", "redirect_uri"), TEXT),
        **dict.fromkeys(("password", "code", "code_verifier"), PASSWORD),
        **_CREDENTIALS,
    }
    fields = {
        "access_token": TEXT,
        "token_type": {"const": "bearer"},
        **dict.fromkeys(("refresh_token", "id_token"), TEXT),
        "expires_in": SECONDS,
        "scope": TEXT,
    }
    return _by_client(
        "token",
        "Issue tokens (RFC 6749, 3.2)",
        parameters,
        strict_object(fields, ("access_token", "token_type", "expires_in", "scope")),
        *(InvalidGrant(), InvalidScope(), UnauthorizedClient(), UnsupportedGrantType()),
    )


def _by_client(
    name: str, summary: str, parameters: Schema, response: Schema, *errors: ApiError
) -> Mapping[str, Any]:
    """Describe the POST of a form, whose first parameter is required, by a client.

    OpenAPI has no scheme for credentials in a form (client_secret_post), so they are parameters
    and the header is optional.
    """
    return {
        "operationId": name,
        "summary": summary,
        "security": [{BASIC: []}, {}],
        "requestBody": form_body(parameters, list(parameters)[:1]),
        "responses": {
            "200": ok(response),
            **error_responses(
                *(InvalidRequest(), InvalidClient(), PayloadTooLarge()),
                *(TooManyFailures(1), TemporarilyUnavailable(), *errors),
            ),
        },
    }
