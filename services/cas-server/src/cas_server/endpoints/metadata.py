"""GET /.well-known/oauth-authorization-server (RFC 8414)."""

from collections.abc import Iterable
from typing import Any

from starlette.types import Receive, Scope, Send

from cas_server.endpoints.answers import answer_json
from cas_server.errors import MethodNotAllowed
from cas_server.settings import CasSettings
from chassis import LiveConfig

_METHODS = ["client_secret_basic", "client_secret_post"]


class Metadata:
    """Tell clients what this server can and where."""

    def __init__(self, live: LiveConfig[CasSettings], grant_types: Iterable[str]) -> None:
        self._live, self._grant_types = live, sorted(grant_types)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        del receive
        if scope["method"] not in ("GET", "HEAD"):
            raise MethodNotAllowed("Send a GET", headers={"Allow": "GET, HEAD"})
        await answer_json(send, self._fields(self._live.settings.issuer))

    def _fields(self, issuer: str) -> dict[str, Any]:
        return {
            "issuer": issuer,
            "token_endpoint": f"{issuer}/oauth/token",
            "introspection_endpoint": f"{issuer}/oauth/introspect",
            "revocation_endpoint": f"{issuer}/oauth/revoke",
            "userinfo_endpoint": f"{issuer}/api/v1/user",
            "grant_types_supported": self._grant_types,
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": _METHODS,
            "introspection_endpoint_auth_methods_supported": _METHODS,
            "revocation_endpoint_auth_methods_supported": _METHODS,
        }
