"""The token store on Redis."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from cas_server.errors import Unconfirmed
from cas_server.settings import DurabilitySettings
from cas_server.stores import identity_commands
from cas_server.stores.batcher import Batcher
from cas_server.stores.issue_command import Issue, by_client, command, tokens_of
from cas_server.stores.redis_commands import RedisCommands
from cas_server.stores.redis_py import ConnectionPool
from cas_server.stores.token_reads import TokenReads
from cas_server.stores.token_scripts import BEGIN, FAMILY, REVOKE_ACCESS, REVOKE_FAMILY, ROTATE
from cas_server.stores.token_store import (
    Bounds,
    Change,
    Family,
    FamilyState,
    IdentityTable,
    IssueDone,
    LookedUp,
    Presented,
    Rotation,
    TokenPair,
    VersionSeen,
)
from cas_server.tokens import token_records
from cas_server.tokens.access_tokens import StoredToken
from cas_server.tokens.record_keys import RecordKeys

_Arguments = tuple[tuple[str | bytes, ...], tuple[Any, ...]]

MOST_ACCESS_TOKENS = 5
"""Live access tokens of one family; a refresh deletes the oldest beyond that."""
_REMEMBERED_S = 60
"""How long an expired access token stays stored, so that check_token can say that it expired."""


class RedisTokenStore:
    """Stores tokens in one Redis; `aclose` closes its connections.

    `compact` says in which form access tokens are written now (`token_records`); either is read.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        durability: DurabilitySettings,
        keys: RecordKeys,
        *,
        timeout: float,
        compact: Callable[[], bool] = lambda: True,
    ) -> None:
        self.commands = RedisCommands(pool, durability, timeout=timeout)
        """What other stores on the same Redis send their commands by."""
        self.keys, self._compact = keys, compact
        self._reads = TokenReads(self.commands, keys)
        self._issues = Batcher[Issue, bool](self._issue_all)

    def access(self, token_hash: str) -> "asyncio.Future[StoredToken | None]":
        """Return an access token; one MGET reads all of a turn or two of the event loop."""
        return self._reads.submit(token_hash)

    def look_up(self, token_hash: str, done: LookedUp) -> None:
        """Have `done` called with what `access` returns or raises."""
        self._reads.submit_for(token_hash, done)

    async def family(self, name: str) -> FamilyState | None:
        """Return a family of refresh tokens that has not ended."""
        key = f"f:{name}"
        found = await self.commands.look("EVAL", FAMILY, 1, key)
        text = self.keys.open(key.encode(), found[0]) if found else None
        if text is None:
            return None
        return FamilyState(Family.decode(name, text), found[1], idle=bool(found[2]))

    def issue(self, token_hash: str, token: StoredToken, *, most: int) -> "asyncio.Future[bool]":
        """Store an access token until a little after it expires."""
        return self._issues.submit(self._issue(token_hash, token, most))

    def begin_issue(
        self, token_hash: str, token: StoredToken, done: IssueDone, *, most: int
    ) -> None:
        """Have `done` called with what `issue` returns or raises."""
        self._issues.submit_for(self._issue(token_hash, token, most), done)

    async def begin(self, pair: TokenPair, bounds: Bounds) -> bool:
        """Store the first pair of a family."""
        keys, values = self.first_pair(pair, bounds)
        return bool(await self.commands.write("EVAL", BEGIN, len(keys), *keys, *values))

    def first_pair(self, pair: TokenPair, bounds: Bounds) -> _Arguments:
        """Return the keys and values of `first`, with which a family begins in a script."""
        family = pair.family
        keys, values = self._access(pair.access_hash, pair.access, bounds.tokens)
        keys += (f"f:{family.id}", _families(family))
        data = self.keys.seal(f"f:{family.id}".encode(), family.encode())
        values += (family.id, data, _seconds_until(family.ends_at), pair.refresh_hash)
        values += (pair.idle_seconds, bounds.families)
        return keys, values

    async def rotate(
        self, old: Presented, pair: TokenPair, bounds: Bounds, *, grace: float
    ) -> Rotation | None:
        """Replace a refresh token in one step."""
        name = pair.family.id
        keys, values = self._access(pair.access_hash, pair.access, bounds.tokens)
        keys += (f"f:{name}", f"a:{name}", _families(pair.family))
        values += (name, old.number, old.refresh_hash, pair.refresh_hash, pair.idle_seconds)
        values += (pair.sealed_response, int(grace * 1000), MOST_ACCESS_TOKENS)
        command = ("EVAL", ROTATE, len(keys), *keys, *values)
        try:
            outcome, response = await self.commands.write(*command)
        except Unconfirmed as error:
            outcome, response = error.result
            # A reuse issues nothing. If a failover loses that end, the next use is a reuse again.
            if outcome != b"reused":
                raise
        return None if outcome == b"stale" else Rotation(outcome.decode(), response)

    async def revoke_access(self, token_hash: str, token: StoredToken | None) -> None:
        """Revoke an access token."""
        names = token_records.name_of(token_hash), token_records.earlier_name_of(token_hash)
        command: tuple[Any, ...] = ("DEL", *names)
        if token is not None:
            command = ("EVAL", REVOKE_ACCESS, 3, tokens_of(token.client_id), *names)
        await self.commands.write(*command)

    async def revoke_family(self, family: Family) -> None:
        """Revoke a family and its access tokens."""
        keys = (tokens_of(family.grant.client_id), _families(family))
        await self.commands.write("EVAL", REVOKE_FAMILY, len(keys), *keys, family.id)

    def watch(self, seen: VersionSeen, is_current: Callable[[int | None], bool]) -> None:
        """Have `seen` awaited before a look-up of an access token returns."""
        self._reads.seen, self._reads.is_current = seen, is_current

    async def identities(self) -> IdentityTable:
        """Return the table of clients, users and grants."""
        return identity_commands.table(await self.commands.look(*identity_commands.READ))

    async def change(self, changes: Sequence[Change], *, after: int, keep: int) -> bool:
        """Change entries all at once, or none of them."""
        command = identity_commands.change(changes, after=after, keep=keep)
        return bool(await self.commands.write(*command))

    async def ping(self) -> None:
        """Return when Redis responds."""
        await self.commands.ping()

    async def aclose(self) -> None:
        """Close the connections."""
        await self.commands.aclose()

    def _issue(self, token_hash: str, token: StoredToken, most: int) -> Issue:
        name, text = self._record(token_hash, token)
        ttl = _access_ttl(token.expires_at)
        return Issue(token.client_id, most, name, token.since, text, ttl)

    def _access(self, token_hash: str, token: StoredToken, most: int) -> _Arguments:
        """Return the keys and values that every script begins with that issues a token."""
        name, text = self._record(token_hash, token)
        keys = (identity_commands.VERSION, name, tokens_of(token.client_id))
        return keys, (token.since, token_hash, text, _access_ttl(token.expires_at), most)

    def _record(self, token_hash: str, token: StoredToken) -> tuple[bytes, bytes]:
        """Return the name and the sealed text under which a token is stored."""
        if self._compact():
            name, text = token_records.name_of(token_hash), token_records.encode(token)
        else:
            name = token_records.earlier_name_of(token_hash)
            text = token_records.encode_earlier(token)
        return name, self.keys.seal(name, text)

    async def _issue_all(self, issues: Sequence[Issue]) -> Sequence[bool | Exception]:
        """Issue all; a client whose script fails fails alone."""
        places = by_client(issues)
        commands = [command([issues[place] for place in group]) for group in places.values()]
        issued: dict[int, bool | Exception] = {}
        for group, result in zip(
            places.values(), await self.commands.write_all(commands), strict=True
        ):
            each = [result] * len(group) if isinstance(result, Exception) else map(bool, result)
            issued.update(zip(group, each, strict=True))
        return [issued[place] for place in range(len(issues))]


def _families(family: Family) -> str:
    """Return the key of the index of a client's and a user's families; no name has a colon."""
    return f"g:f:{family.grant.client_id}:{family.grant.user_name}"


def _access_ttl(ends_at: int) -> int:
    return _seconds_until(ends_at) + _REMEMBERED_S


def _seconds_until(ends_at: int) -> int:
    return max(ends_at - int(time.time()), 1)
