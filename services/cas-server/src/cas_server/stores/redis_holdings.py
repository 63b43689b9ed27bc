"""Reads of many records at once, for administration: by the indexes that bound their number.

Every read names its keys, of which the caller bounds the number: nothing walks the key space.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from cas_server.stores import identity_commands
from cas_server.stores.holding_scripts import EXTENTS, FAMILIES, NEWEST
from cas_server.stores.issue_command import tokens_of
from cas_server.stores.people_keys import sessions_of
from cas_server.stores.redis_commands import RedisCommands
from cas_server.stores.token_store import Family, FamilyState
from cas_server.tokens import token_records
from cas_server.tokens.access_tokens import StoredToken
from cas_server.tokens.record_keys import RecordKeys

_DIGEST_BYTES = 32
_MICROSECONDS = 1_000_000


class Index(NamedTuple):
    """The index of a client's access tokens, of a user's sessions, or of the families of both."""

    client_id: str
    user_name: str = ""

    @property
    def key(self) -> str:
        """Return its Redis key."""
        if not self.client_id:
            return sessions_of(self.user_name)
        if self.user_name:
            return f"g:f:{self.client_id}:{self.user_name}"
        return tokens_of(self.client_id)


class Extent(NamedTuple):
    """How many members an index has; the Unix seconds when the oldest and the newest came.

    Members that expired are among them until newer ones come.
    """

    number: int
    oldest: int = 0
    newest: int = 0


class Member(NamedTuple):
    """A member of an index, and its score there: microseconds, which no other member has."""

    of: Index
    name: bytes
    score: int

    @property
    def issued_at(self) -> int:
        """Return the Unix seconds when it came."""
        return self.score // _MICROSECONDS

    @property
    def token_hash(self) -> str:
        """Return the SHA-256 of an access token, in hex."""
        return self.name.hex() if self._is_compact else self.name.decode("ascii", "replace")

    @property
    def _is_compact(self) -> bool:
        return len(self.name) == _DIGEST_BYTES


class Piece(NamedTuple):
    """A part of an index: the newest of those that came before `below`, all of them with 0."""

    of: Index
    below: int
    most: int


class RedisHoldings:
    """What clients and users hold; raises `TemporarilyUnavailable` when Redis is unavailable."""

    def __init__(self, commands: RedisCommands, keys: RecordKeys) -> None:
        self._look, self._keys = commands.look, keys

    async def version(self) -> int | None:
        """Return the version of the identities, by which records are valid or not."""
        found: bytes | None = await self._look("GET", identity_commands.VERSION)
        return identity_commands.number(found)

    async def extents(self, indexes: Sequence[Index]) -> Sequence[Extent]:
        """Return the extent of each index."""
        found = await self._run(EXTENTS, [index.key for index in indexes])
        return [
            Extent(number, *(int(float(score)) // _MICROSECONDS for score in scores))
            for number, *scores in found
        ]

    async def members(self, pieces: Sequence[Piece]) -> Sequence[Member]:
        """Return the members of pieces in their order, the newest of each first."""
        bounds = [(f"({one.below}" if one.below else "+inf", one.most) for one in pieces]
        keys = [one.of.key for one in pieces]
        found = await self._run(NEWEST, keys, *(value for pair in bounds for value in pair))
        return [
            Member(piece.of, name, int(float(score)))
            for piece, flat in zip(pieces, found, strict=True)
            for name, score in zip(flat[::2], flat[1::2], strict=True)
        ]

    async def families(self, members: Sequence[Member]) -> Sequence[FamilyState | None]:
        """Return the families of members; None for one that has ended."""
        names = [member.name.decode("ascii", "replace") for member in members]
        found = await self._run(FAMILIES, [f"f:{name}" for name in names])
        return [self._family(name, one) for name, one in zip(names, found, strict=True)]

    async def tokens(self, members: Sequence[Member]) -> Sequence[StoredToken | None]:
        """Return the access tokens of members; None for one that has ended."""
        names = [b"t:" + member.name for member in members]
        found = await self._look("MGET", *names) if names else ()
        return [self._token(name, one) for name, one in zip(names, found, strict=True)]

    async def _run(self, script: str, keys: Sequence[str], *values: object) -> Sequence[Any]:
        if not keys:
            return ()
        found: Sequence[Any] = await self._look("EVAL", script, len(keys), *keys, *values)
        return found

    def _family(self, name: str, found: Sequence[Any]) -> FamilyState | None:
        text = self._keys.open(f"f:{name}".encode(), found[0]) if found else None
        if text is None:
            return None
        return FamilyState(Family.decode(name, text), found[1], idle=bool(found[2]))

    def _token(self, name: bytes, sealed: bytes | None) -> StoredToken | None:
        """Open a record, past the cache of those that check_token looks up."""
        text = None if sealed is None else self._keys.open(name, sealed)
        if text is None:
            return None
        is_compact = len(name) == len(b"t:") + _DIGEST_BYTES
        return (token_records.decode if is_compact else token_records.decode_earlier)(text)
