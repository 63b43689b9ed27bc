"""The OpenAPI description of the pages for people: login, logout and account."""

from collections.abc import Mapping
from typing import Any

from cas_server.endpoints import account, login, logout
from cas_server.errors import FormOutdated, LoginFailed, TooManyFailures
from cas_server.forms import FORM_TYPE, MAX_PARAMETERS
from cas_server.pages.form_guard import FIELD
from chassis import error_responses
from chassis.errors import ApiError, InvalidRequest, PayloadTooLarge, TemporarilyUnavailable

_TEXT = {"type": "string"}
_HTML = {"text/html": {"schema": _TEXT}}
_LOCATION = {"Location": {"required": True, "schema": _TEXT}}
_RETURN = {
    "type": "string",
    "description": "Where the login leads",
    "pattern": r"^(/account|/oauth/authorize\?[!\"$-\[\]-~]*)?$",
}
_COOKIE = "login_form"
SCHEMES = {
    _COOKIE: {
        "type": "apiKey",
        "in": "cookie",
        "name": "form",
        "description": "What the page set; `__Host-form` under an https issuer",
    }
}
_LEADS_ON = {"303": {"description": "To the next page", "headers": _LOCATION}}


def paths() -> Mapping[str, Any]:
    """Return the operations by path."""
    return {
        login.PATH: {"get": _login_page(), "post": _login()},
        logout.PATH: {"get": _page("logout_page", "Ask whether to log out"), "post": _logout()},
        account.PATH: {"get": _account_page(), "post": _account()},
    }


def _login_page() -> Mapping[str, Any]:
    page = _page("login_page", "Ask for name and password")
    return {**page, "parameters": [{"name": "return", "in": "query", "schema": _RETURN}]}


def _login() -> Mapping[str, Any]:
    form = {
        FIELD: _TEXT,
        "username": _TEXT,
        "password": {"type": "string", "format": "password"},
        "return": _RETURN,
    }
    errors = (LoginFailed(), TooManyFailures(1))
    described = _form("login", "Log in, by the page's form", form, *errors, leads_on=_LEADS_ON)
    return {**described, "security": [{_COOKIE: []}]}


def _logout() -> Mapping[str, Any]:
    return _form("logout", "End the session of this browser", {FIELD: _TEXT}, page=_HTML)


def _account_page() -> Mapping[str, Any]:
    page = _page("account_page", "Show a user's sessions, and what applications may do")
    return {**page, "responses": {**page["responses"], **_LEADS_ON}}


def _account() -> Mapping[str, Any]:
    named = {"session": "A session", "application": "The access of an application"}
    form = {
        FIELD: _TEXT,
        **{name: {"type": "string", "description": what} for name, what in named.items()},
        "others": {"type": "string", "description": "All sessions but the present one"},
    }
    return _form("account", "End what the form names", form, leads_on=_LEADS_ON)


def _page(name: str, summary: str) -> Mapping[str, Any]:
    shown = {"200": {"description": "A page", "content": _HTML}}
    return {
        "operationId": name,
        "summary": summary,
        "security": [],
        "responses": {**shown, **_refusals(InvalidRequest(), TemporarilyUnavailable())},
    }


def _form(
    name: str,
    summary: str,
    form: Mapping[str, Any],
    *errors: ApiError,
    leads_on: Mapping[str, Any] | None = None,
    page: Mapping[str, Any] | None = None,
) -> Mapping[str, Any]:
    """Describe a form; its token is not required where nobody may be logged in any longer."""
    schema = {
        "type": "object",
        "properties": dict(form),
        "required": [FIELD] if name == "login" else [],
        "additionalProperties": _TEXT,
        "maxProperties": MAX_PARAMETERS,
    }
    always = (InvalidRequest(), FormOutdated(), PayloadTooLarge(), TemporarilyUnavailable())
    shown = {"200": {"description": "A page", "content": page}} if page else {}
    return {
        "operationId": name,
        "summary": summary,
        "security": [],
        "requestBody": {"required": True, "content": {FORM_TYPE.decode(): {"schema": schema}}},
        "responses": {**shown, **(leads_on or {}), **_refusals(*always, *errors)},
    }


def _refusals(*errors: ApiError) -> Mapping[str, Any]:
    """Describe errors, which are pages for who accepts HTML."""
    described = error_responses(*errors)
    return {
        str(status): {**one, "content": {**one["content"], **_HTML}}
        for status, one in described.items()
    }
