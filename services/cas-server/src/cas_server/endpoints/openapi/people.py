"""The OpenAPI description of the pages for people: login, logout and account."""

from collections.abc import Mapping
from typing import Any

from cas_server.endpoints import account, login, logout
from cas_server.endpoints.openapi.parts import PASSWORD, TEXT, form_body, page_responses
from cas_server.endpoints.openapi.schemes import FORM_COOKIE
from cas_server.errors import FormOutdated, LoginFailed, TooManyFailures
from cas_server.pages.form_guard import FIELD
from chassis.errors import ApiError, InvalidRequest, PayloadTooLarge, TemporarilyUnavailable

_RETURN = {
    "type": "string",
    "description": "Where the login leads",
    "pattern": r"^(/account|/oauth/authorize\?[!\"$-\[\]-~]*)?$",
}
_PAGE, _NEXT = "A page", "To the next page"


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
    form = {FIELD: TEXT, "username": TEXT, "password": PASSWORD, "return": _RETURN}
    errors = (LoginFailed(), TooManyFailures(1))
    described = _form("login", "Log in, by the page's form", form, *errors, leads=_NEXT)
    return {**described, "security": [{FORM_COOKIE: []}]}


def _logout() -> Mapping[str, Any]:
    return _form("logout", "End the session of this browser", {FIELD: TEXT}, page=_PAGE)


def _account_page() -> Mapping[str, Any]:
    summary = "Show a user's sessions, and what applications may do"
    return _page("account_page", summary, leads=_NEXT)


def _account() -> Mapping[str, Any]:
    named = {"session": "A session", "application": "The access of an application"}
    form = {
        FIELD: TEXT,
        **{name: {"type": "string", "description": what} for name, what in named.items()},
        "others": {"type": "string", "description": "All sessions but the present one"},
    }
    return _form("account", "End what the form names", form, leads=_NEXT)


def _page(name: str, summary: str, *, leads: str = "") -> Mapping[str, Any]:
    errors = InvalidRequest(), TemporarilyUnavailable()
    return {
        "operationId": name,
        "summary": summary,
        "security": [],
        "responses": page_responses(*errors, page=_PAGE, leads=leads),
    }


def _form(
    name: str,
    summary: str,
    fields: Mapping[str, Any],
    *errors: ApiError,
    leads: str = "",
    page: str = "",
) -> Mapping[str, Any]:
    """Describe a form; its token is not required where nobody may be logged in any longer."""
    always = InvalidRequest(), FormOutdated(), PayloadTooLarge(), TemporarilyUnavailable()
    return {
        "operationId": name,
        "summary": summary,
        "security": [],
        "requestBody": form_body(fields, [FIELD] if name == "login" else []),
        "responses": page_responses(*always, *errors, page=page, leads=leads),
    }
