"""The security schemes that cas-server adds to those of every service."""

from collections.abc import Mapping
from typing import Any

from cas_server.endpoints.metadata import OPENID_CONFIGURATION
from cas_server.endpoints.metadata_fields import has_openid
from cas_server.oidc.scopes import EMAIL, OPENID, PROFILE
from cas_server.settings import CasSettings

OAUTH2, BEARER = "oauth2", "bearer"
"""The schemes of every service."""
BASIC, FORM_COOKIE, OPENID_CONNECT = "client_secret_basic", "login_form", "openIdConnect"
_OWN: Mapping[str, Any] = {
    BASIC: {"type": "http", "scheme": "basic", "description": "Client id and secret"},
    FORM_COOKIE: {
        "type": "apiKey",
        "in": "cookie",
        "name": "form",
        "description": "What the page set; `__Host-form` under an https issuer",
    },
}
_OF_A_USER = {
    OPENID: "who the user is",
    PROFILE: "the user's names",
    EMAIL: "the user's email address",
}
_FLOWS_OF_USERS = ("authorizationCode", "password")


def schemes(settings: CasSettings) -> Mapping[str, Any]:
    """Return the schemes, with those of OpenID Connect where the server has a key for it."""
    return {**_OWN, **(_openid() if has_openid(settings) else {})}


def _openid() -> Mapping[str, Any]:
    flows = {name: {"scopes": _OF_A_USER} for name in _FLOWS_OF_USERS}
    return {
        OAUTH2: {"flows": flows},
        OPENID_CONNECT: {"type": "openIdConnect", "openIdConnectUrl": OPENID_CONFIGURATION},
    }
