"""How cas-server checks bearer tokens of its own API: in its own store."""

from collections.abc import Callable

from cas_server.administration.operator_token import Operator
from cas_server.identities.identities import Identities
from cas_server.stores.token_store import TokenStore
from cas_server.tokens.access_tokens import token_hash
from chassis import Authentication
from chassis.errors import InvalidToken
from chassis.token_services.response import checked_token


class LocalTokenServices:
    """The chassis' `TokenServices` without HTTP: the stored record is check_token's response."""

    def __init__(
        self,
        identities: Identities,
        store: TokenStore,
        operator: Callable[[str], Operator | None] = lambda _: None,
    ) -> None:
        self._identities, self._store, self._operator = identities, store, operator

    async def authenticate(self, token: str) -> Authentication:
        """Return whose token it is; raise `InvalidToken`."""
        if operator := self._operator(token):
            return operator
        stored = await self._store.access(token_hash(token))
        if stored is None or not self._identities.is_still_valid(stored):
            raise InvalidToken
        return checked_token(stored.response, resource_id=None)

    async def aclose(self) -> None:
        """Close nothing: the store has its owner."""
