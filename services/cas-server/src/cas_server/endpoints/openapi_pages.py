"""The OpenAPI description of what a browser asks for: its responses are pages and redirects."""

from collections.abc import Iterable, Mapping
from typing import Any

from cas_server.authorization.authorization_request import MAX_NONCE, RESPONSE_MODE, RESPONSE_TYPE
from cas_server.authorization.flow import ALLOW, AUTHORIZE, DECISION
from cas_server.authorization.pkce import METHOD
from cas_server.authorization.redirect_uris import MAX_URI
from cas_server.authorization.request_macs import CSRF
from cas_server.endpoints.authorize import CONSENT
from cas_server.errors import FormOutdated, UnsafeRedirect
from cas_server.forms import FORM_TYPE, MAX_PARAMETERS
from chassis import error_responses
from chassis.errors import ApiError, InvalidRequest, PayloadTooLarge, TemporarilyUnavailable

_TEXT = {"type": "string"}
_HTML = {"text/html": {"schema": _TEXT}}
_LOCATION = {"Location": {"required": True, "schema": _TEXT}}
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
    **dict.fromkeys(
        ("scope", "state", "prompt", "login_hint", "id_token_hint", "acr_values"), _TEXT
    ),
}
_FORM = {**_REQUEST, CSRF: _TEXT, DECISION: {"enum": [ALLOW, "deny"]}}
_OF_FORMS = InvalidRequest(), UnsafeRedirect(), PayloadTooLarge()


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
        "description": "An error is told to the redirect URI, or to the user where that is unsafe.",
        "security": [],
        "parameters": parameters,
        "responses": page_responses(InvalidRequest(), UnsafeRedirect()),
    }


def _by_form() -> Mapping[str, Any]:
    return {
        "operationId": "authorize_by_form",
        "summary": "The same by POST (OpenID Connect Core, 3.1.2.1)",
        "security": [],
        "requestBody": form_body(_REQUEST, _REQUIRED),
        "responses": page_responses(*_OF_FORMS),
    }


def _consent() -> Mapping[str, Any]:
    return {
        "operationId": "consent",
        "summary": "Take the user's decision, from the form of the consent page",
        "security": [],
        "requestBody": form_body(_FORM, [*_REQUIRED, CSRF, DECISION]),
        "responses": page_responses(
            *(InvalidRequest(), UnsafeRedirect(), FormOutdated(), PayloadTooLarge()), page=False
        ),
    }


def form_body(properties: Mapping[str, Any], required: Iterable[str]) -> Mapping[str, Any]:
    """Describe the body of a form."""
    schema = {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": _TEXT,
        "maxProperties": MAX_PARAMETERS,
    }
    return {"required": True, "content": {FORM_TYPE.decode(): {"schema": schema}}}


def page_responses(*errors: ApiError, page: bool = True) -> Mapping[str, Any]:
    """Describe the responses; an error is a page for who accepts HTML, as browsers do."""
    found: dict[str, Any] = {
        "303": {"description": "To the login, or back to the client", "headers": _LOCATION}
    }
    if page:
        found["200"] = {"description": "The consent page", "content": _HTML}
    refusals = error_responses(*errors, TemporarilyUnavailable())
    for status, described in refusals.items():
        found[str(status)] = {**described, "content": {**described["content"], **_HTML}}
    return found
