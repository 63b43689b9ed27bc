"""POST /oauth/check_token: token validation as the seed stack asks for it. The hot path.

One plain ASGI callable: a cached Authorization header, one SHA-256, one read in a batch with all
others of this turn of the event loop, and a response that was rendered when the token was issued.
Expiry and audience are checked here, because most resource servers check neither.
"""

import time
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from cas_server.authentication.client_authentication import ClientAuthentication
from cas_server.endpoints.foreign_tokens import audit_foreign_token
from cas_server.endpoints.responses import only_post, send_body
from cas_server.errors import UnrecognisedToken
from cas_server.forms import (
    MAX_TOKEN,
    form_headers,
    parse_form,
    read_body,
    refuse_other_type,
    refuse_secrets_in_uri,
    token_of,
)
from cas_server.identities.identities import Identities
from cas_server.settings import CasSettings
from cas_server.stores.token_store import TokenStore
from cas_server.tokens.access_tokens import token_hash
from chassis import LiveConfig
from chassis.errors import AccessDenied

_PLAIN = b"token="
_EXPIRED = "Token has expired"


@dataclass(frozen=True, slots=True)
class CheckToken:
    """Respond 200 for a live token that the caller may check, 400 for any other."""

    authentication: ClientAuthentication
    identities: Identities
    store: TokenStore
    live: LiveConfig[CasSettings]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; raise an `ApiError` for all that is not 200."""
        only_post(scope)
        refuse_secrets_in_uri(scope)
        authorization, content_type = form_headers(scope)
        client = await self.authentication.basic(scope, authorization)
        access = self.live.settings.security.oauth2.authorization.check_token_access
        if not client.checks_tokens or access == "denyAll()":
            raise AccessDenied("The client may not check tokens")
        refuse_other_type(content_type)
        stored = await self.store.access(token_hash(_token(await read_body(receive))))
        if stored is None:
            raise UnrecognisedToken
        if not client.may_check(stored.audience):
            audit_foreign_token(stored, client, scope)
            raise UnrecognisedToken
        if time.time() >= stored.expires_at:
            raise UnrecognisedToken(_EXPIRED)
        if not self.identities.is_still_valid(stored):
            raise UnrecognisedToken
        await send_body(send, stored.response)


def _token(body: bytes) -> str:
    """Return the token; the usual body needs no form parser."""
    value = body[len(_PLAIN) :]
    if body.startswith(_PLAIN) and 0 < len(value) <= MAX_TOKEN and _is_plain(value):
        return value.decode("ascii")
    return token_of(parse_form(body))


def _is_plain(value: bytes) -> bool:
    """Return whether a value is letters, digits, dashes and underscores: base64url."""
    return value.replace(b"-", b"").replace(b"_", b"").isalnum()
