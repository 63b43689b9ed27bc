"""POST /oauth/check_token: token validation as the seed stack asks for it. The hot path.

The usual request is served at the protocol, any other by ASGI: a cached Authorization header, one
SHA-256, one read in a batch with others of this turn of the event loop, and a response that was
rendered when the token was issued. Expiry and audience are checked here, because most resource
servers check neither.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from starlette.types import Receive, Scope, Send

from cas_server.authentication.client_authentication import ClientAuthentication
from cas_server.endpoints.caller_head import CallerHead
from cas_server.endpoints.foreign_tokens import audit_foreign_token
from cas_server.endpoints.responses import RAW_HEADERS, only_post, send_body
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
from cas_server.identities.clients import Client
from cas_server.identities.identities import Identities
from cas_server.settings import CasSettings
from cas_server.stores.token_store import TokenStore
from cas_server.throttling.throttle import source_address
from cas_server.tokens.access_tokens import StoredToken, token_hash
from chassis import LiveConfig
from chassis.errors import AccessDenied
from chassis.http_server.direct import Done, Header, Judge

_PLAIN = b"token="
_EXPIRED = "Token has expired"


@dataclass(frozen=True, slots=True)
class CheckToken:
    """Respond 200 for a live token that the caller may check, 400 for any other.

    It is called as an ASGI application, or by `begin` at the protocol, by the same rules.
    """

    authentication: ClientAuthentication
    identities: Identities
    store: TokenStore
    live: LiveConfig[CasSettings]
    ok_headers: ClassVar = RAW_HEADERS
    max_body: ClassVar = len(_PLAIN) + MAX_TOKEN

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; raise an `ApiError` for all that is not 200."""
        only_post(scope)
        refuse_secrets_in_uri(scope)
        authorization, content_type = form_headers(scope["headers"])
        client = await self.authentication.basic(scope, authorization)
        self._admit(client, content_type)
        body = await read_body(receive)
        token = _plain_token(body) or token_of(parse_form(body))
        stored = await self.store.access(token_hash(token))
        await send_body(send, self._response(stored, client, source_address(scope)))

    def read(self, headers: Sequence[Header]) -> CallerHead:
        """Read a head, which the requests of a connection have in common."""
        return CallerHead.of(headers)

    def begin(self, read: CallerHead, body: bytes, address: str, done: Done) -> Judge | None:
        """Look a token up for a client whose credentials are cached, sent in the usual form."""
        token = _plain_token(body)
        client = read.digest and self.authentication.cached(read.digest)
        if token is None or not client:
            return None
        self._admit(client, read.content_type)
        self.store.look_up(token_hash(token), done)
        return partial(self._response, client=client, address=address)

    def _admit(self, client: Client, content_type: bytes | None) -> None:
        """Raise `AccessDenied` for a client that may not check, `InvalidRequest` for no form."""
        access = self.live.settings.security.oauth2.authorization.check_token_access
        if not client.checks_tokens or access == "denyAll()":
            raise AccessDenied("The client may not check tokens")
        refuse_other_type(content_type)

    def _response(self, stored: StoredToken | None, client: Client, address: str) -> bytes:
        """Return the body for a record; raise `UnrecognisedToken`."""
        if stored is None:
            raise UnrecognisedToken
        if not client.may_check(stored.audience):
            audit_foreign_token(stored, client, address)
            raise UnrecognisedToken
        if time.time() >= stored.expires_at:
            raise UnrecognisedToken(_EXPIRED)
        if not self.identities.is_still_valid(stored):
            raise UnrecognisedToken
        return stored.response


def _plain_token(body: bytes) -> str | None:
    """Return the token of the usual body, which needs no form parser; None for another one."""
    value = body[len(_PLAIN) :]
    if body.startswith(_PLAIN) and 0 < len(value) <= MAX_TOKEN and _is_plain(value):
        return value.decode("ascii")
    return None


def _is_plain(value: bytes) -> bool:
    """Return whether a value is letters, digits, dashes and underscores: base64url."""
    return value.replace(b"-", b"").replace(b"_", b"").isalnum()
