"""The OpenAPI description of what OpenID Connect tells about a user."""

from collections.abc import Mapping
from typing import Any

from cas_server.endpoints.openapi.parts import TEXT, form, ok, strict_object
from cas_server.endpoints.userinfo import USERINFO
from cas_server.forms import MAX_TOKEN
from cas_server.oidc.scopes import OPENID
from chassis import error_responses
from chassis.errors import (
    InsufficientScope,
    InvalidRequest,
    InvalidToken,
    PayloadTooLarge,
    TemporarilyUnavailable,
)
from chassis.security import Unauthenticated

_BEARER = "bearer"
_CLAIMS = {
    **dict.fromkeys(("sub", "name", "preferred_username", "email"), TEXT),
    "email_verified": {"type": "boolean"},
}


def paths() -> Mapping[str, Any]:
    """Return the operations by path."""
    return {USERINFO: {"get": _by_header(), "post": _by_form()}}


def _by_header() -> Mapping[str, Any]:
    errors = (
        *(InvalidRequest(), Unauthenticated(), InvalidToken()),
        *(InsufficientScope([OPENID]), TemporarilyUnavailable()),
    )
    return {
        "operationId": "userinfo",
        "summary": "Describe the user of an access token (OIDC Core, 5.3)",
        "security": [{_BEARER: []}],
        "responses": {"200": ok(strict_object(_CLAIMS, ["sub"])), **error_responses(*errors)},
    }


def _by_form() -> Mapping[str, Any]:
    """Describe the POST, whose token is in the header, or in a form (RFC 6750, 2.2)."""
    operation = _by_header()
    token = {"access_token": {"type": "string", "maxLength": MAX_TOKEN}}
    return {
        **operation,
        "operationId": "userinfo_by_form",
        "security": [*operation["security"], {}],
        "requestBody": {"content": form(token)},
        "responses": {**operation["responses"], **error_responses(PayloadTooLarge())},
    }
