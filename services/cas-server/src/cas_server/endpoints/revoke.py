"""POST /oauth/revoke (RFC 7009): a refresh token is revoked with its family."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from cas_server.authentication.client_authentication import ClientAuthentication
from cas_server.endpoints.responses import only_post, send_body
from cas_server.errors import InvalidGrant, Unconfirmed
from cas_server.forms import read_form, token_of
from cas_server.identities.clients import Client
from cas_server.stores.token_store import TokenStore
from cas_server.throttling.throttle import source_address
from cas_server.tokens.access_tokens import token_hash
from cas_server.tokens.record_keys import RecordKeys
from cas_server.tokens.refresh_tokens import read_refresh_token
from chassis.telemetry.audit import AuditEvent, audit


@dataclass(frozen=True, slots=True)
class Revoke:
    """Revoke a token of the calling client; an unknown one is 200 as well (RFC 7009, 2.2)."""

    authentication: ClientAuthentication
    store: TokenStore
    keys: RecordKeys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; `token_type_hint` is a hint that is not needed."""
        only_post(scope)
        form = await read_form(scope, receive)
        client = await self.authentication.any_method(scope, form)
        address = source_address(scope)

        def tell(user: str) -> None:
            audit(AuditEvent.REVOKED, user=user, client=client.id, address=address)

        await self._revoke(token_of(form.parameters), client, tell)
        await send_body(send, b"{}")

    async def _revoke(self, token: str, client: Client, tell: Callable[[str], None]) -> None:
        """Revoke an access token, or a family by any of its refresh tokens, rotated ones included.

        Have `tell` audit it by its user, empty for a client's own token, if there was one.
        """
        refresh = read_refresh_token(self.keys, token)
        state = await self.store.family(refresh.family) if refresh else None
        if state is not None:
            _require_owner(state.family.grant.client_id, client)
            user = state.family.grant.user_name
            await _audited(self.store.revoke_family(state.family), lambda: tell(user))
            return
        name = token_hash(token)
        access = await self.store.access(name)
        if access is None:
            # An earlier attempt may have deleted it at the primary only.
            await self.store.revoke_access(name, None)
            return
        _require_owner(access.client_id, client)
        user_name = access.user_name
        await _audited(self.store.revoke_access(name, access), lambda: tell(user_name))


async def _audited(write: Awaitable[None], tell: Callable[[], None]) -> None:
    """Audit what the primary has ended, confirmed or not (docs/design/audit.md, rule 9)."""
    try:
        await write
    except Unconfirmed:
        tell()
        raise
    tell()


def _require_owner(owner: str, client: Client) -> None:
    if owner != client.id:
        raise InvalidGrant("The token was issued to another client")
