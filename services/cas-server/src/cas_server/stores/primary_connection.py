"""Connections to the primary (docs/design/reliability.md, "Finding the primary")."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import structlog

from cas_server.stores.discovered_connection import DiscoveredConnection, DiscoveredSSLConnection
from cas_server.stores.redis_py import ConnectionPool, RedisConnectionError, RedisError
from cas_server.stores.sentinels import Sentinels
from chassis.discovery import Address, DiscoveryError

_WATCH_S = 1.0
MARK = ("PUBLISH", "wait", "")
"""A write for WAIT to wait for: it goes to all replicas, takes no memory, has no subscriber.

From Redis 7.2 on, WAIT waits for what its own connection sent to them, and for nothing else.
"""
_CONFIRMED = (MARK, ("WAIT", 1, 500))
_log = structlog.get_logger("cas_server.store")


class PrimaryConnection(DiscoveredConnection):
    """Talks to a Redis that calls itself primary.

    redis-py's own Sentinel connection goes back to the address it had before (its issue 3874).
    A replica would serve reads, too, from what it has received so far.
    """

    async def on_connect_check_health(self, check_health: bool = True) -> None:  # noqa: FBT001, FBT002 - redis-py's
        """Ask for the role once the connection is up."""
        await super().on_connect_check_health(check_health)
        await self.send_command("ROLE")
        role = await self.read_response()
        if role[0] not in (b"master", "master"):
            raise RedisConnectionError("is not a primary; a failover is under way")


class PrimarySSLConnection(PrimaryConnection, DiscoveredSSLConnection):
    """Proves the master's name, which every Redis has to have in its certificate."""


class PrimaryPool(ConnectionPool):
    """Connections to one primary; a failover closes those to the old one.

    A cas-server that is cut off together with the old primary would go on reading there, where
    revoked tokens are still valid. So the pool asks the Sentinels once a second. Where no majority
    responds, it leaves a primary without replicas, because there may be another one.
    """

    def __init__(self, sentinels: Sentinels, master: str, **options: Any) -> None:
        super().__init__(discovery=sentinels, host=master, **options)
        self._sentinels, self._master = sentinels, master
        self._watch: asyncio.Task[None] | None = None
        self.give_back: Callable[[], Awaitable[None]] = _nothing_held
        """Returns idle connections that are checked out: without a majority none can be opened."""

    async def get_connection(self, *arguments: Any, **options: Any) -> Any:
        """Return a connection; the first one starts the watch, the next one if it ever ended."""
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._follow(), name="redis-primary")
        return await super().get_connection(*arguments, **options)  # type: ignore[no-untyped-call]  # redis-py

    async def aclose(self) -> None:
        """Close the connections, those to the Sentinels as well."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        await super().aclose()
        await self._sentinels.aclose()

    async def _follow(self) -> None:
        known: Address | None = None
        while True:
            try:
                primary = await self._sentinels.primary(self._master)
            except DiscoveryError:
                if not await self._has_replica():
                    await self._reconnect_all()
            else:
                if known not in (None, primary):
                    _log.warning("following the new primary", primary=primary.host)
                    await self._reconnect_all()
                known = primary
            await asyncio.sleep(_WATCH_S)

    async def _has_replica(self) -> bool:
        """Return whether a replica confirms a write of the primary that this pool leads to."""
        try:
            await self.give_back()
            connection = await self.get_connection()
        except (RedisError, OSError):
            return False
        try:
            await connection.send_packed_command(connection.pack_commands(_CONFIRMED))
            await connection.read_response()
            reached: int = await connection.read_response()
        except (RedisError, OSError):
            # A refused mark leaves the other reply unread.
            await connection.disconnect(nowait=True)
            return False
        finally:
            await self.release(connection)
        return reached > 0

    async def _reconnect_all(self) -> None:
        """Reconnect every connection before it serves again."""
        await self.update_active_connections_for_reconnect()  # type: ignore[no-untyped-call]  # redis-py
        # A connection that does not close in time is abandoned; the watch has to go on.
        with suppress(RedisError):
            await self.disconnect(inuse_connections=False)


async def _nothing_held() -> None:
    """Return nothing: nobody holds connections."""
