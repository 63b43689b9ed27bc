"""The store of authorization codes on the Redis of the tokens."""

from collections.abc import Sequence
from typing import cast

from cas_server.authorization.authorization_code import SPENT_S, VALIDITY_S, AuthorizationCode
from cas_server.errors import Unconfirmed
from cas_server.stores import identity_commands
from cas_server.stores.authorization_code_scripts import END_CODES, PUT, REDEEM
from cas_server.stores.authorization_codes import Basis, Redemption, Writing
from cas_server.stores.people_keys import codes_of, consents_of, session_key
from cas_server.stores.redis_token_store import RedisTokenStore
from cas_server.stores.token_store import Bounds, TokenPair

MOST_CODES = 1000
"""Codes of one user, spent ones included; the oldest goes first."""


class RedisAuthorizationCodes:
    """Stores codes beside tokens, so that one script exchanges one for the others."""

    def __init__(self, tokens: RedisTokenStore) -> None:
        self._tokens, self._keys = tokens, tokens.keys

    async def put(self, code_hash: str, code: AuthorizationCode, basis: Basis) -> Writing | None:
        """Store a code."""
        name, user, client = _name(code_hash), code.grant.user_name, code.grant.client_id
        data = self._keys.seal(name.encode(), code.encode())
        keys = [identity_commands.VERSION, name, codes_of(user), session_key(basis.session_hash)]
        if basis.has_consent:
            keys.append(consents_of(user))
        values = (code.grant.since, data, client, VALIDITY_S, MOST_CODES, SPENT_S)
        outcome = await self._tokens.commands.write("EVAL", PUT, len(keys), *keys, *values)
        return None if outcome == b"stale" else cast("Writing", outcome.decode())

    async def find(self, code_hash: str) -> AuthorizationCode | None:
        """Return a code; one whose record was not written here is unknown."""
        name = _name(code_hash)
        (data,) = await self._tokens.commands.look("HMGET", name, "data")
        text = self._keys.open(name.encode(), data) if data else None
        return None if text is None else AuthorizationCode.decode(text)

    async def redeem(self, code_hash: str, pair: TokenPair, bounds: Bounds) -> Redemption | None:
        """Exchange a code."""
        keys, values = self._tokens.first_pair(pair, bounds)
        keys, values = (*keys, _name(code_hash)), (*values, SPENT_S)
        try:
            outcome = await self._tokens.commands.write("EVAL", REDEEM, len(keys), *keys, *values)
        except Unconfirmed as error:
            # A reuse issues nothing. If a failover loses that end, the next use is a reuse again.
            if (outcome := error.result) != b"reused":
                raise
        return None if outcome == b"stale" else cast("Redemption", outcome.decode())

    async def end(self, user_names: Sequence[str], client_id: str) -> int:
        """End the codes that users' clients have not used."""
        keys = [codes_of(name) for name in user_names]
        command = ("EVAL", END_CODES, len(keys), *keys, client_id)
        return int(await self._tokens.commands.write(*command))


def _name(code_hash: str) -> str:
    return f"c:{code_hash}"
