"""The token store on Redis: reads and writes batched, outages told as 503 within a bounded wait."""

import asyncio
import time
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import structlog
from hiredis import pack_command
from redis.asyncio import Redis
from redis.exceptions import RedisError

from cas_server.record_keys import RecordKeys
from cas_server.settings import DurabilitySettings
from cas_server.stores.batch import Batcher
from cas_server.stores.primary import MARK
from cas_server.stores.protocol import Lineage, RefreshRecord, Rotation
from cas_server.stores.scripts import BEGIN, REVOKE_FAMILY, ROTATE
from cas_server.tokens import StoredToken
from chassis.errors import TemporarilyUnavailable

T = TypeVar("T")

_REMEMBERED_S = 60
"""How long an expired access token is still known, so that it is called expired."""
_AWAY = "The token store is away; try again"
_log = structlog.get_logger("cas_server.store")


class RedisTokenStore:
    """Keeps tokens in one Redis; entered connections are closed by `aclose`."""

    def __init__(
        self, redis: Redis, durability: DurabilitySettings, keys: RecordKeys, *, timeout: float
    ) -> None:
        self._redis, self._durability, self._timeout = redis, durability, timeout
        self._keys = keys
        self._reads = Batcher[str, bytes | None](self._read_all)
        self._looks = Batcher[tuple[Any, ...], Any](self._send_all)
        self._writes = Batcher[tuple[Any, ...], Any](self._write_all)
        self._away = False

    async def access(self, token_hash: str) -> StoredToken | None:
        """Return an access token; the look-up leaves with all others of this turn."""
        name = f"t:{token_hash}"
        sealed = await self._reads.submit(name)
        text = None if sealed is None else self._keys.open(name, sealed)
        return None if text is None else StoredToken.decode(text)

    async def refresh(self, token_hash: str) -> RefreshRecord | None:
        """Return a refresh token, rotated or not."""
        look = ("HMGET", f"r:{token_hash}", "data", "next")
        text, successor = await self._looks.submit(look)
        return None if text is None else RefreshRecord.decode(text, rotated=successor is not None)

    async def issue(self, token_hash: str, token: StoredToken) -> None:
        """Keep an access token until a little after it expires."""
        name, ttl = f"t:{token_hash}", _access_ttl(token.expires_at)
        sealed = self._keys.seal(name, token.encode())
        await self._writes.submit(("SET", name, sealed, "EX", ttl))

    async def begin(self, lineage: Lineage) -> None:
        """Keep the first pair of a family."""
        await self._writes.submit(("EVAL", BEGIN, 3, *_keys(lineage), *self._values(lineage)))

    async def rotate(self, old_hash: str, lineage: Lineage, *, grace: float) -> Rotation:
        """Replace a refresh token in one step."""
        keys = (*_keys(lineage), f"r:{old_hash}", f"a:{old_hash}")
        more = (lineage.sealed_answer, int(grace * 1000), int(time.time()))
        command = ("EVAL", ROTATE, len(keys), *keys, *self._values(lineage), *more)
        outcome, answer = await self._writes.submit(command)
        return Rotation(outcome.decode(), answer)

    async def revoke_access(self, token_hash: str) -> None:
        """End an access token."""
        await self._writes.submit(("DEL", f"t:{token_hash}"))

    async def revoke_family(self, family: str) -> None:
        """End a family and all it brought."""
        await self._writes.submit(("EVAL", REVOKE_FAMILY, 1, f"f:{family}"))

    async def ping(self) -> None:
        """Return when Redis answers."""
        await self._guard(self._redis.ping())

    async def aclose(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    def _values(self, lineage: Lineage) -> tuple[Any, ...]:
        """Return texts, ends and times to live: an idle refresh token ends before its family."""
        ends_at, family_ttl = lineage.access.expires_at, _family_ttl(lineage)
        idle = min(lineage.idle_seconds, family_ttl)
        text = self._keys.seal(f"t:{lineage.access_hash}", lineage.access.encode())
        return (text, _access_ttl(ends_at), ends_at, lineage.refresh.encode(), idle, family_ttl)

    async def _read_all(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        return await self._guard(self._mget(keys))

    async def _mget(self, keys: Sequence[str]) -> Sequence[bytes | None]:
        """Read many keys, packed in C: `Redis.mget` costs twice the time of the whole batch."""
        pool = self._redis.connection_pool
        connection = await pool.get_connection()  # type: ignore[no-untyped-call]  # redis-py
        try:
            packed = pack_command(("MGET", *keys))  # type: ignore[arg-type]  # takes any number
            await connection.send_packed_command(packed)
            found: list[bytes | None] = await connection.read_response()
        finally:
            await pool.release(connection)
        return found

    async def _send_all(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Send all in one pipeline of one connection."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)
            return list(await self._guard(pipeline.execute()))

    async def _write_all(self, commands: Sequence[tuple[Any, ...]]) -> Sequence[Any]:
        """Send all, and one WAIT behind them on the same connection.

        A command that is tried again finds its change made, over another connection and maybe
        nowhere but at the primary: hence the mark behind all.
        """
        replicas = self._durability.wait_replicas
        if not replicas:
            return await self._send_all(commands)
        wait = ("WAIT", replicas, int(self._durability.wait_timeout * 1000))
        *results, _, reached = await self._send_all([*commands, MARK, wait])
        if reached < replicas:
            await self._start_anew()
            raise TemporarilyUnavailable("Too few replicas have the token; try again")
        return results

    async def _guard(self, command: Awaitable[T]) -> T:
        """Bound a command in time, and tell an outage as what it is to the caller."""
        try:
            async with asyncio.timeout(self._timeout):
                result = await command
        except (RedisError, OSError, TimeoutError) as error:
            self._note(away=True, reason=type(error).__name__)
            await self._start_anew()
            raise TemporarilyUnavailable(_AWAY) from error
        self._note(away=False, reason="")
        return result

    async def _start_anew(self) -> None:
        """Leave the idle connections: they may lead to who was primary, and the next one asks."""
        # One that does not close in time, as over TLS to a Redis that hangs, is left as well.
        with suppress(RedisError):
            await self._redis.connection_pool.disconnect(inuse_connections=False)

    def _note(self, *, away: bool, reason: str) -> None:
        """Log an outage once, and its end."""
        if away != self._away:
            self._away = away
            _log.warning(
                "the token store is away" if away else "the token store is back", why=reason
            )


def _keys(lineage: Lineage) -> tuple[str, ...]:
    family = lineage.refresh.family
    return (f"t:{lineage.access_hash}", f"r:{lineage.refresh_hash}", f"f:{family}")


def _access_ttl(ends_at: int) -> int:
    return max(ends_at - int(time.time()) + _REMEMBERED_S, 1)


def _family_ttl(lineage: Lineage) -> int:
    return max(lineage.refresh.ends_at - int(time.time()), 1)
