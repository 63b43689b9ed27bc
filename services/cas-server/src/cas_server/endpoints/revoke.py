"""POST /oauth/revoke (RFC 7009): a refresh token takes its whole family with it."""

from starlette.types import Receive, Scope, Send

from cas_server.client_authentication import ClientAuthentication
from cas_server.clients import Client
from cas_server.endpoints.answers import answer, only_post
from cas_server.errors import InvalidGrant
from cas_server.forms import read_form, token_of
from cas_server.stores import TokenStore
from cas_server.tokens import token_hash


class Revoke:
    """End a token of the calling client; an unknown one is 200 as well (RFC 7009, 2.2)."""

    def __init__(self, authentication: ClientAuthentication, store: TokenStore) -> None:
        self._authentication, self._store = authentication, store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; `token_type_hint` is a hint that is not needed."""
        only_post(scope)
        form = await read_form(scope, receive)
        client = await self._authentication.basic_or_post(scope, form)
        await self._end(token_hash(token_of(form.parameters)), client)
        await answer(send, b"{}")

    async def _end(self, name: str, client: Client) -> None:
        refresh = await self._store.refresh(name)
        if refresh is not None:
            _own(refresh.grant.client_id, client)
            await self._store.revoke_family(refresh.family)
            return
        access = await self._store.access(name)
        if access is not None:
            _own(access.client_id, client)
        # Also where it is gone: an attempt before may have ended it at the primary alone.
        await self._store.revoke_access(name)


def _own(owner: str, client: Client) -> None:
    if owner != client.id:
        raise InvalidGrant("The token was issued to another client")
