"""POST /oauth/introspect (RFC 7662): an inactive token is 200 with `{"active": false}` alone."""

import time
from dataclasses import dataclass
from typing import Any

from starlette.types import Receive, Scope, Send

from cas_server.authentication.client_authentication import ClientAuthentication
from cas_server.endpoints.foreign_tokens import audit_foreign_token
from cas_server.endpoints.responses import only_post, send_json
from cas_server.forms import read_form, token_of
from cas_server.identities.clients import Client
from cas_server.identities.identities import Identities
from cas_server.oidc.claims import subject_of
from cas_server.settings import CasSettings
from cas_server.stores.token_store import TokenStore
from cas_server.throttling.throttle import source_address
from cas_server.tokens.access_tokens import StoredToken, token_hash
from chassis import LiveConfig
from chassis.errors import AccessDenied


@dataclass(frozen=True, slots=True)
class Introspect:
    """Describe access tokens whose audience the caller belongs to (RFC 7662, 4)."""

    authentication: ClientAuthentication
    identities: Identities
    store: TokenStore
    live: LiveConfig[CasSettings]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        only_post(scope)
        form = await read_form(scope, receive)
        client = await self.authentication.basic_or_post(scope, form)
        if not client.checks_tokens:
            raise AccessDenied("The client may not introspect tokens")
        stored = await self.store.access(token_hash(token_of(form.parameters)))
        await send_json(send, self._claims(stored, client, scope))

    def _claims(self, stored: StoredToken | None, client: Client, scope: Scope) -> dict[str, Any]:
        if stored is None or not self._is_live(stored):
            return {"active": False}
        if not client.may_check(stored.audience):
            audit_foreign_token(stored, client, source_address(scope))
            return {"active": False}
        return _as_rfc7662(stored.claims(), self.live.settings.issuer)

    def _is_live(self, stored: StoredToken) -> bool:
        return time.time() < stored.expires_at and self.identities.is_still_valid(stored)


def _as_rfc7662(claims: dict[str, Any], issuer: str) -> dict[str, Any]:
    """Return check_token's claims by the names of RFC 7662, 2.2."""
    user = claims.pop("user_name", None)
    claims["scope"] = " ".join(claims["scope"])
    claims |= {"token_type": "Bearer", "iss": issuer, "nbf": claims["iat"]}
    claims["sub"] = subject_of(user) if user else claims["client_id"]
    return claims | ({"username": user} if user else {})
