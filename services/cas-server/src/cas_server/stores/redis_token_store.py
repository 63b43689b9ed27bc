"""The token store on Redis; an outage is a 503 (docs/design/reliability.md, "Redis away")."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError, ResponseError

from cas_server.errors import Unconfirmed
from cas_server.settings import DurabilitySettings
from cas_server.stores import identity_commands
from cas_server.stores.batcher import Batcher
from cas_server.stores.held_connection import HeldConnection
from cas_server.stores.issue_command import Issue, by_client, command, tokens_of
from cas_server.stores.opened_records import OpenedRecords
from cas_server.stores.primary_connection import MARK
from cas_server.stores.token_scripts import BEGIN, FAMILY, REVOKE_ACCESS, REVOKE_FAMILY, ROTATE
from cas_server.stores.token_store import (
    Bounds,
    Change,
    Family,
    FamilyState,
    IdentityTable,
    LookedUp,
    Presented,
    Rotation,
    TokenPair,
    VersionSeen,
)
from cas_server.tokens import token_records
from cas_server.tokens.access_tokens import StoredToken
from cas_server.tokens.record_keys import RecordKeys
from chassis.errors import TemporarilyUnavailable

T = TypeVar("T")
_Arguments = tuple[tuple[str | bytes, ...], tuple[Any, ...]]

MOST_ACCESS_TOKENS = 5
"""Live access tokens of one family; a refresh deletes the oldest beyond that."""
_REMEMBERED_S = 60
"""How long an expired access token stays stored, so that check_token can say that it expired."""
_FOREIGN_LOG_S = 60.0
_FOREIGN = "A key of the token store holds another type; somebody else writes there"
_log = structlog.get_logger("cas_server.store")


class RedisTokenStore:
    """Stores tokens in one Redis; `aclose` closes its connections.

    `compact` says in which form access tokens are written now (`token_records`); either is read.
    """

    def __init__(
        self,
        redis: Redis,
        durability: DurabilitySettings,
        keys: RecordKeys,
        *,
        timeout: float,
        compact: Callable[[], bool] = lambda: True,
    ) -> None:
        self._redis, self._durability, self._timeout = redis, durability, timeout
        self._keys, self._compact = keys, compact
        self._reads = Batcher[str, StoredToken | None](self._read_all)
        self._looks = Batcher[tuple[Any, ...], Any](self._send_all)
        self._writes = Batcher[tuple[Any, ...], Any](self._write_all)
        self._issues = Batcher[Issue, bool](self._issue_all)
        self._opened = OpenedRecords(keys)
        self._reader = HeldConnection(redis.connection_pool)
        self._seen: VersionSeen = _ignore_version
        self._away = False
        self._next_foreign_log = 0.0

    def access(self, token_hash: str) -> "asyncio.Future[StoredToken | None]":
        """Return an access token; one MGET reads all of this turn of the event loop."""
        return self._reads.submit(token_hash)

    def look_up(self, token_hash: str, done: LookedUp) -> None:
        """Have `done` called with what `access` returns or raises."""
        self._reads.submit_for(token_hash, done)

    async def family(self, name: str) -> FamilyState | None:
        """Return a family of refresh tokens that has not ended."""
        key = f"f:{name}"
        found = await self._looks.submit(("EVAL", FAMILY, 1, key))
        text = self._keys.open(key.encode(), found[0]) if found else None
        if text is None:
            return None
        return FamilyState(Family.decode(name, text), found[1], idle=bool(found[2]))

    async def issue(self, token_hash: str, token: StoredToken, *, most: int) -> bool:
        """Store an access token until a little after it expires."""
        name, text = self._record(token_hash, token)
        ttl = _access_ttl(token.expires_at)
        issue = Issue(token.client_id, most, name, token.since, text, ttl)
        return await self._issues.submit(issue)

    async def begin(self, pair: TokenPair, bounds: Bounds) -> bool:
        """Store the first pair of a family."""
        family = pair.family
        keys, values = self._access(pair.access_hash, pair.access, bounds.tokens)
        keys += (f"f:{family.id}", _families(family))
        data = self._keys.seal(f"f:{family.id}".encode(), family.encode())
        values += (family.id, data, _seconds_until(family.ends_at), pair.refresh_hash)
        values += (pair.idle_seconds, bounds.families)
        return bool(await self._writes.submit(("EVAL", BEGIN, len(keys), *keys, *values)))

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
            outcome, response = await self._writes.submit(command)
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
        await self._writes.submit(command)

    async def revoke_family(self, family: Family) -> None:
        """Revoke a family and its access tokens."""
        keys = (tokens_of(family.grant.client_id), _families(family))
        await self._writes.submit(("EVAL", REVOKE_FAMILY, len(keys), *keys, family.id))

    def watch(self, seen: VersionSeen) -> None:
        """Have `seen` called before a look-up of an access token returns."""
        self._seen = seen

    async def identities(self) -> IdentityTable:
        """Return the table of clients, users and grants."""
        return identity_commands.table(await self._looks.submit(identity_commands.READ))

    async def change(self, changes: Sequence[Change], *, after: int, keep: int) -> bool:
        """Change entries all at once, or none of them."""
        command = identity_commands.change(changes, after=after, keep=keep)
        return bool(await self._writes.submit(command))

    async def ping(self) -> None:
        """Return when Redis responds."""
        await self._reader.drop()
        await self._guard(self._redis.ping())

    async def aclose(self) -> None:
        """Close the connections."""
        await self._reader.drop()
        await self._redis.aclose()

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
        return name, self._keys.seal(name, text)

    async def _read_all(self, hashes: Sequence[str]) -> Sequence[StoredToken | None]:
        """Read access tokens; those without a record may have one of the earlier form."""
        names = [token_records.name_of(one) for one in hashes]
        found = await self._read(names)
        tokens = [
            None if sealed is None else self._opened.open(name, sealed, token_records.decode)
            for name, sealed in zip(names, found, strict=True)
        ]
        missing = [place for place, sealed in enumerate(found) if sealed is None]
        if missing:
            names = [token_records.earlier_name_of(hashes[place]) for place in missing]
            for place, name, sealed in zip(missing, names, await self._read(names), strict=True):
                if sealed is not None:
                    tokens[place] = self._opened.open(name, sealed, token_records.decode_earlier)
        return tokens

    async def _read(self, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        """Read records, and with them the version of the identities."""
        command = self._reader.run("MGET", *keys, identity_commands.VERSION)
        reply: list[bytes | None] = await self._guard(command)
        version = reply.pop()
        await self._seen(identity_commands.number(version))
        return reply

    async def _issue_all(self, issues: Sequence[Issue]) -> Sequence[bool | Exception]:
        """Issue all; a client whose script fails fails alone."""
        places = by_client(issues)
        commands = [command([issues[place] for place in group]) for group in places.values()]
        issued: dict[int, bool | Exception] = {}
        for group, result in zip(places.values(), await self._write_all(commands), strict=True):
            each = [result] * len(group) if isinstance(result, Exception) else map(bool, result)
            issued.update(zip(group, each, strict=True))
        return [issued[place] for place in range(len(issues))]

    async def _send_all(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Send all in one pipeline of one connection; what fails alone has its error as result."""
        await self._reader.drop()
        async with self._redis.pipeline(transaction=False) as pipeline:
            for one in commands:
                pipeline.execute_command(*one)
            return await self._guard(self._results(pipeline))

    async def _write_all(self, commands: Sequence[tuple[Any, ...]]) -> Sequence[Any]:
        """Send all, and one WAIT behind them on the same connection.

        A retried command, over another connection, finds its change made, perhaps at the primary
        only: hence the mark behind all, for which WAIT waits.
        """
        replicas = self._durability.wait_replicas
        if not replicas:
            return await self._send_all(commands)
        wait = ("WAIT", replicas, int(self._durability.wait_timeout * 1000))
        *results, _, reached = await self._send_all([*commands, MARK, wait])
        if reached < replicas:
            await self._drop_idle_connections()
            return [one if isinstance(one, Exception) else Unconfirmed(one) for one in results]
        return results

    async def _guard(self, command: Awaitable[T]) -> T:
        """Bound a command in time; raise `TemporarilyUnavailable` for an outage."""
        try:
            async with asyncio.timeout(self._timeout):
                result = await command
        except (RedisError, OSError, TimeoutError) as error:
            self._log_outage(away=True, reason=type(error).__name__)
            await self._drop_idle_connections()
            raise TemporarilyUnavailable("The token store is away; try again") from error
        self._log_outage(away=False, reason="")
        return result

    async def _results(self, pipeline: Pipeline) -> list[Any]:
        """Return each result; a key of another type fails its own command, any other error all."""
        results: list[Any] = await pipeline.execute(raise_on_error=False)
        for place, result in enumerate(results):
            if isinstance(result, ResponseError) and "WRONGTYPE" in str(result):
                self._log_foreign(str(result))
                results[place] = TemporarilyUnavailable(_FOREIGN)
            elif isinstance(result, Exception):
                raise result
        return results

    def _log_foreign(self, why: str) -> None:
        """Log once a minute: one such key may fail every request."""
        if (now := time.monotonic()) >= self._next_foreign_log:
            self._next_foreign_log = now + _FOREIGN_LOG_S
            _log.error("a key of the token store holds another type", why=why)

    async def _drop_idle_connections(self) -> None:
        """Close idle connections: they may lead to the old primary; a new one looks it up."""
        # One that does not close in time, as over TLS to a Redis that hangs, is abandoned.
        with suppress(RedisError):
            await self._reader.drop()
            await self._redis.connection_pool.disconnect(inuse_connections=False)

    def _log_outage(self, *, away: bool, reason: str) -> None:
        """Log an outage once, and its end."""
        if away != self._away:
            self._away = away
            _log.warning(
                "the token store is away" if away else "the token store is back", why=reason
            )


async def _ignore_version(_: int | None) -> None:
    """Ignore the version of the identities."""


def _families(family: Family) -> str:
    """Return the key of the index of a client's and a user's families; no name has a colon."""
    return f"g:f:{family.grant.client_id}:{family.grant.user_name}"


def _access_ttl(ends_at: int) -> int:
    return _seconds_until(ends_at) + _REMEMBERED_S


def _seconds_until(ends_at: int) -> int:
    return max(ends_at - int(time.time()), 1)
