"""The port to the store of authorization codes, which knows them by their SHA-256."""

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from cas_server.authorization.authorization_code import AuthorizationCode
from cas_server.stores.token_store import Bounds, TokenPair

Writing = Literal["written", "ended"]
Redemption = Literal["redeemed", "reused", "unknown"]


class Basis(NamedTuple):
    """What a code is issued on: a session, by the hash of its cookie, and perhaps a consent."""

    session_hash: str
    has_consent: bool


class AuthorizationCodes(Protocol):
    """Stores codes; every method raises `TemporarilyUnavailable` when Redis is unavailable."""

    async def put(self, code_hash: str, code: AuthorizationCode, basis: Basis) -> Writing | None:
        """Store a code for a minute, unless its basis has ended meanwhile.

        Return None where the identities have another version by now.
        """

    async def find(self, code_hash: str) -> AuthorizationCode | None:
        """Return what a code stands for, also where it is spent."""

    async def redeem(self, code_hash: str, pair: TokenPair, bounds: Bounds) -> Redemption | None:
        """Spend a code and issue its tokens in one step; a second use ends those of the first.

        A pair without `refresh_hash` is an access token alone. Return None, and issue nothing,
        where the identities have another version by now.
        """

    async def end(self, user_names: Sequence[str], client_id: str) -> int:
        """End the codes of users that are not spent, of one client or, without, of all.

        Return how many there were.
        """
