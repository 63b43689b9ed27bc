"""A connection to Redis that serves one read after the other, without redis-py's pool for each.

To check a connection out and in takes redis-py longer than a read, and so do its time limits for
each step of one. So the connection stays checked out for a second, and the caller's own limit
bounds the whole read.
"""

import time
from typing import Any

from hiredis import pack_command
from redis.asyncio import Connection, ConnectionPool

_HELD_S = 1.0
"""The pool sees the connection at least so often, and checks what it checks of each."""


class HeldConnection:
    """Sends commands over a connection of a pool; who calls bounds each in time."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._idle: Connection | None = None
        self._until = 0.0

    async def run(self, *command: str | bytes) -> Any:
        """Return the reply to a command; raise what redis-py raises."""
        # In C: redis-py's own way to pack a batch takes longer than the rest of it.
        packed = pack_command(command)  # type: ignore[arg-type]  # takes any number
        connection = await self._take()
        try:
            await connection.send_packed_command(packed, check_health=False)
            reply = await connection.read_response()
        except BaseException:
            # The reply may be unread, and would be the next command's.
            await connection.disconnect(nowait=True)
            await self._release(connection)
            raise
        await self._put(connection)
        return reply

    async def drop(self) -> None:
        """Return an idle connection to the pool, which may lend it to others or close it.

        There may be no other, nor a way to open one, as without a majority of the Sentinels.
        """
        connection, self._idle = self._idle, None
        if connection is not None:
            await self._release(connection)

    async def _take(self) -> Connection:
        """Return the held connection if it may serve, else another one of the pool."""
        connection, self._idle = self._idle, None
        if connection is not None:
            is_fit = await _is_fit(connection)
            if is_fit and time.monotonic() < self._until:
                return connection
            if not is_fit:
                await connection.disconnect(nowait=True)
            await self._release(connection)
        return await self._checked_out()

    async def _checked_out(self) -> Connection:
        fresh: Connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]  # redis-py
        try:
            # redis-py does not look for itself where it expects notes of maintenance (8.1).
            if not await _is_fit(fresh):
                await fresh.disconnect(nowait=True)
                await fresh.connect()  # type: ignore[no-untyped-call]  # redis-py
        except BaseException:
            await self._release(fresh)
            raise
        fresh.socket_timeout = None
        self._until = time.monotonic() + _HELD_S
        return fresh

    async def _put(self, connection: Connection) -> None:
        if self._idle is None:
            self._idle = connection
        else:
            await self._release(connection)

    async def _release(self, connection: Connection) -> None:
        connection.socket_timeout = self._pool.connection_kwargs.get("socket_timeout")
        await self._pool.release(connection)


async def _is_fit(connection: Connection) -> bool:
    """Return whether a connection is open, has nothing unread, and the pool has not marked it."""
    try:
        marked = connection.should_reconnect()  # type: ignore[no-untyped-call]  # redis-py
        return not (marked or await connection.can_read())
    except OSError:
        return False
