"""GET /.well-known/oauth-authorization-server (RFC 8414), with the issuer's path behind it."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.types import Receive, Scope, Send

from cas_server.endpoints.responses import answer_json
from cas_server.errors import MethodNotAllowed
from cas_server.settings import CasSettings
from chassis import LiveConfig
from chassis.errors import NotFound

WELL_KNOWN = "/.well-known/oauth-authorization-server"
_METHODS = ["client_secret_basic", "client_secret_post"]


class Metadata:
    """Tell clients what this server can and where."""

    def __init__(self, live: LiveConfig[CasSettings], grant_types: Iterable[str]) -> None:
        self._live, self._grant_types = live, sorted(grant_types)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; the issuer may have changed since the one before."""
        del receive
        issuer = self._live.settings.issuer
        if scope["path"] not in _places(issuer):
            raise NotFound
        if scope["method"] not in ("GET", "HEAD"):
            raise MethodNotAllowed("Send a GET", headers={"Allow": "GET, HEAD"})
        await answer_json(send, self._fields(issuer))

    def _fields(self, issuer: str) -> dict[str, Any]:
        base = issuer.rstrip("/")
        return {
            "issuer": issuer,
            "token_endpoint": f"{base}/oauth/token",
            "introspection_endpoint": f"{base}/oauth/introspect",
            "revocation_endpoint": f"{base}/oauth/revoke",
            "userinfo_endpoint": f"{base}/api/v1/user",
            "grant_types_supported": self._grant_types,
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": _METHODS,
            "introspection_endpoint_auth_methods_supported": _METHODS,
            "revocation_endpoint_auth_methods_supported": _METHODS,
        }


def _places(issuer: str) -> tuple[str, ...]:
    """Return the paths of the metadata, decoded as in a request (RFC 8414, 3.1).

    A last slash is removed first; Spring leaves it.
    """
    path = unquote(urlsplit(issuer).path)
    return WELL_KNOWN, WELL_KNOWN + path.rstrip("/"), WELL_KNOWN + path
