"""The OpenAPI description of the logout by an application, and of its form."""

from collections.abc import Mapping
from typing import Any

from cas_server.endpoints.end_session import CONFIRMED, END_SESSION
from cas_server.endpoints.openapi.parts import TEXT, form_body, page_responses
from cas_server.errors import FormOutdated, UnsafeRedirect
from cas_server.pages.form_guard import FIELD
from chassis.errors import ApiError, InvalidRequest, PayloadTooLarge, TemporarilyUnavailable

_REQUEST: Mapping[str, Any] = {
    "id_token_hint": {"type": "string", "description": "An id_token of the user; it may be old"},
    "client_id": TEXT,
    **dict.fromkeys(("post_logout_redirect_uri", "state", "logout_hint", "ui_locales"), TEXT),
}


def paths() -> Mapping[str, Any]:
    """Return the operations by path."""
    return {
        END_SESSION: {"get": _by_query(), "post": _by_form()},
        CONFIRMED: {"post": _confirmed()},
    }


def _by_query() -> Mapping[str, Any]:
    return {
        "operationId": "log_out",
        "summary": "Log the user out (OpenID Connect RP-Initiated Logout, 2)",
        "security": [],
        "parameters": [
            {"name": name, "in": "query", "schema": schema} for name, schema in _REQUEST.items()
        ],
        "responses": _responses(),
    }


def _by_form() -> Mapping[str, Any]:
    return {
        "operationId": "log_out_by_form",
        "summary": "The same by POST",
        "security": [],
        "requestBody": form_body(_REQUEST),
        "responses": _responses(PayloadTooLarge()),
    }


def _confirmed() -> Mapping[str, Any]:
    return {
        "operationId": "log_out_confirmed",
        "summary": "Take the user's answer, from the form of the page that asks",
        "security": [],
        "requestBody": form_body({**_REQUEST, FIELD: TEXT}),
        "responses": _responses(FormOutdated(), PayloadTooLarge()),
    }


def _responses(*more: ApiError) -> Mapping[str, Any]:
    return page_responses(
        *(InvalidRequest(), UnsafeRedirect(), TemporarilyUnavailable(), *more),
        page="A question, or that the user is logged out",
        leads="Back to the application",
    )
