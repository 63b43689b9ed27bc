"""The OpenAPI description of the authorization endpoint: it responds with pages and redirects."""

from collections.abc import Mapping
from typing import Any

from cas_server.authorization.authorization_request import (
    MAX_NONCE,
    PROMPTS,
    RESPONSE_MODE,
    RESPONSE_TYPE,
)
from cas_server.authorization.flow import ALLOW, AUTHORIZE, DECISION
from cas_server.authorization.pkce import METHOD
from cas_server.authorization.redirect_uris import MAX_URI
from cas_server.authorization.request_macs import CSRF
from cas_server.endpoints.authorize import CONSENT
from cas_server.endpoints.openapi.parts import TEXT, form_body, page_responses
from cas_server.errors import FormOutdated, UnsafeRedirect
from cas_server.tokens.logins import SUPPORTED_ACRS
from chassis.errors import ApiError, InvalidRequest, PayloadTooLarge, TemporarilyUnavailable

_PROMPT = f"({'|'.join(PROMPTS)})"
_REQUIRED: Mapping[str, Any] = {
    "response_type": {"const": RESPONSE_TYPE},
    "client_id": {"type": "string", "minLength": 1},
    "redirect_uri": {"type": "string", "minLength": 1, "maxLength": MAX_URI},
}
_REQUEST: Mapping[str, Any] = {
    **_REQUIRED,
    "code_challenge": {"type": "string", "description": "Required by default (RFC 7636)"},
    "code_challenge_method": {"const": METHOD},
    "nonce": {"type": "string", "maxLength": MAX_NONCE},
    "max_age": {"type": "integer", "minimum": 0, "maximum": 999_999_999},
    "response_mode": {"const": RESPONSE_MODE},
    "prompt": {"type": "string", "pattern": f"^({_PROMPT}( {_PROMPT})*)?$"},
    "acr_values": {
        "type": "string",
        "description": f"Voluntary; there is {' '.join(SUPPORTED_ACRS)}",
    },
    **dict.fromkeys(("scope", "state", "login_hint", "id_token_hint"), TEXT),
}
_PAGE = "The consent page"
_DESCRIPTION = (
    "The redirect URI gets `code` or `error`, `state`, and `iss`; an error that can't safely be "
    "told there is told to the user."
)
_FORM = {**_REQUEST, CSRF: TEXT, DECISION: {"enum": [ALLOW, "deny"]}}


def paths() -> Mapping[str, Any]:
    """Return the operations by path."""
    return {
        AUTHORIZE: {"get": _by_query(), "post": _by_form()},
        CONSENT: {"post": _consent()},
    }


def _by_query() -> Mapping[str, Any]:
    parameters = [
        {"name": name, "in": "query", "required": name in _REQUIRED, "schema": schema}
        for name, schema in _REQUEST.items()
    ]
    return {
        "operationId": "authorize",
        "summary": "Ask the user for authorization (RFC 6749, 4.1.1)",
        "description": _DESCRIPTION,
        "security": [],
        "parameters": parameters,
        "responses": _responses(page=_PAGE),
    }


def _by_form() -> Mapping[str, Any]:
    return {
        "operationId": "authorize_by_form",
        "summary": "The same by POST (OpenID Connect Core, 3.1.2.1)",
        "security": [],
        "requestBody": form_body(_REQUEST, _REQUIRED),
        "responses": _responses(PayloadTooLarge(), page=_PAGE),
    }


def _consent() -> Mapping[str, Any]:
    return {
        "operationId": "consent",
        "summary": "Take the user's decision, from the form of the consent page",
        "security": [],
        "requestBody": form_body(_FORM, [*_REQUIRED, CSRF, DECISION]),
        "responses": _responses(FormOutdated(), PayloadTooLarge()),
    }


def _responses(*more: ApiError, page: str = "") -> Mapping[str, Any]:
    errors = InvalidRequest(), UnsafeRedirect(), TemporarilyUnavailable(), *more
    return page_responses(*errors, page=page, leads="To the login, or back to the client")
