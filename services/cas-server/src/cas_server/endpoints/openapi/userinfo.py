"""The OpenAPI description of what OpenID Connect tells about a user."""

from collections.abc import Mapping
from typing import Any

from cas_server.endpoints.metadata_fields import has_openid
from cas_server.endpoints.openapi.parts import TEXT, form, ok, strict_object
from cas_server.endpoints.openapi.schemes import BEARER, OAUTH2, OPENID_CONNECT
from cas_server.endpoints.userinfo import USERINFO
from cas_server.forms import MAX_TOKEN
from cas_server.oidc.scopes import OPENID
from cas_server.settings import CasSettings
from chassis import error_responses
from chassis.errors import (
    InsufficientScope,
    InvalidRequest,
    InvalidToken,
    PayloadTooLarge,
    TemporarilyUnavailable,
)
from chassis.security import Unauthenticated

_CLAIMS = {
    **dict.fromkeys(("sub", "name", "preferred_username", "email"), TEXT),
    "email_verified": {"type": "boolean"},
}


def paths(settings: CasSettings) -> Mapping[str, Any]:
    """Return the operations by path."""
    by_header = _by_header(has_openid=has_openid(settings))
    return {USERINFO: {"get": by_header, "post": _by_form(by_header)}}


def _by_header(*, has_openid: bool) -> Mapping[str, Any]:
    errors = (
        *(InvalidRequest(), Unauthenticated(), InvalidToken()),
        *(InsufficientScope([OPENID]), TemporarilyUnavailable()),
    )
    schemes = (OAUTH2, OPENID_CONNECT) if has_openid else ()
    return {
        "operationId": "userinfo",
        "summary": "Describe the user of an access token (OIDC Core, 5.3)",
        "security": [{scheme: [OPENID]} for scheme in (*schemes, BEARER)],
        "responses": {"200": ok(strict_object(_CLAIMS, ["sub"])), **error_responses(*errors)},
    }


def _by_form(by_header: Mapping[str, Any]) -> Mapping[str, Any]:
    """Describe the POST, whose token is in the header, or in a form (RFC 6750, 2.2)."""
    token = {"access_token": {"type": "string", "maxLength": MAX_TOKEN}}
    return {
        **by_header,
        "operationId": "userinfo_by_form",
        "security": [*by_header["security"], {}],
        "requestBody": {"content": form(token)},
        "responses": {**by_header["responses"], **error_responses(PayloadTooLarge())},
    }
