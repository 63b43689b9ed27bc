"""Connections to Redis that serve one batch after the other, without redis-py's pool for each.

To check a connection out and in takes redis-py longer than a read, and so do its time limits for
each step of one. So a connection stays checked out for a second, and the caller's own limit bounds
the whole batch.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from hiredis import pack_command

from cas_server.stores.exchange import Exchange
from cas_server.stores.redis_py import Connection, ConnectionPool, ResponseError
from chassis.deadlines import Deadlines

Done = Callable[[list[Any] | Awaitable[list[Any]]], None]
_HELD_S = 1.0
"""The pool sees each connection at least so often, and checks what it checks of each."""
_MOST_IDLE = 2
"""One for the usual read, one for the usual write: a write holds its own while it waits."""


class HeldConnections:
    """Sends commands over connections of a pool; who calls bounds each batch in time."""

    def __init__(self, pool: ConnectionPool, *, most_idle: int = _MOST_IDLE) -> None:
        self._pool, self._most_idle = pool, most_idle
        self._idle: list[tuple[Exchange, float]] = []
        """Each with the time at which the pool has to see it again; the last used is the last."""

    async def run(self, *command: Any) -> Any:
        """Return the reply to a command; raise what redis-py raises."""
        (reply,) = await self.run_all([command])
        if isinstance(reply, ResponseError):
            raise reply
        return reply

    async def run_all(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Return the reply to each command, sent behind each other over one connection.

        What Redis refused has its `ResponseError` as reply. Raises what else redis-py raises.
        """
        # In C: redis-py's own way to pack a batch takes longer than the rest of it.
        packed = b"".join(map(pack_command, commands))
        exchange, until = await self._take()
        try:
            replies = await exchange.run(packed, len(commands))
        except BaseException:
            # A reply may be unread, and would be the next command's.
            await self._discard(exchange)
            raise
        if not self.hold(exchange, until):
            await self._release(exchange)
        return replies

    def begin(self, packed: bytes, deadlines: Deadlines, done: Done) -> bool:
        """Send a command without a task, where a connection is held that may serve.

        `done` is called later with the replies, or with what returns or raises once it is awaited.
        It must not raise.
        """
        if not self._idle:
            return False
        exchange, until = self._idle[-1]
        if time.monotonic() >= until or not exchange.is_fit:
            return False  # `run_all` has the time to part with it
        self._idle.pop()
        call = _Call(self, exchange, until, deadlines, done)
        deadlines.add(call)
        exchange.begin(packed, 1, call.replied)
        return True

    def hold(self, exchange: Exchange, until: float) -> bool:
        """Hold a connection for the next batch; return False where enough are held."""
        if len(self._idle) >= self._most_idle:
            return False
        self._idle.append((exchange, until))
        return True

    async def end(self, exchange: Exchange, outcome: list[Any] | Exception) -> list[Any]:
        """Part with a connection; return what it replied, or raise what broke it."""
        if isinstance(outcome, Exception):
            await self._discard(exchange)
            raise outcome
        await self._release(exchange)
        return outcome

    async def drop(self) -> None:
        """Return idle connections to the pool, which may lend them to others or close them.

        There may be no other, nor a way to open one, as without a majority of the Sentinels.
        """
        while self._idle:
            exchange, _ = self._idle.pop()
            await self._release(exchange)

    async def _take(self) -> tuple[Exchange, float]:
        """Return a held connection that may serve, else another one of the pool."""
        while self._idle:
            exchange, until = self._idle.pop()
            if not exchange.is_fit:
                await self._discard(exchange)
            elif time.monotonic() < until:
                return exchange, until
            else:
                await self._release(exchange)
        return Exchange(await self._checked_out()), time.monotonic() + _HELD_S

    async def _checked_out(self) -> Connection:
        fresh: Connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]  # redis-py
        try:
            # redis-py does not look for itself where it expects notes of maintenance (8.1).
            if not await _is_fit(fresh):
                await fresh.disconnect(nowait=True)
                await fresh.connect()  # type: ignore[no-untyped-call]  # redis-py
        except BaseException:
            await self._pool.release(fresh)
            raise
        return fresh

    async def _discard(self, exchange: Exchange) -> None:
        await exchange.connection.disconnect(nowait=True)
        await self._release(exchange)

    async def _release(self, exchange: Exchange) -> None:
        exchange.give_back()
        await self._pool.release(exchange.connection)


class _Call:
    """A batch without a task: told of its replies, or of its deadline."""

    __slots__ = ("_deadlines", "_done", "_exchange", "_held", "_until", "at")

    def __init__(
        self,
        held: HeldConnections,
        exchange: Exchange,
        until: float,
        deadlines: Deadlines,
        done: Done,
    ) -> None:
        self._held, self._exchange, self._until = held, exchange, until
        self._deadlines, self._done, self.at = deadlines, done, deadlines.next()

    def replied(self, outcome: list[Any] | Exception) -> None:
        """Pass on what the connection has."""
        self._deadlines.remove(self)
        if isinstance(outcome, list) and self._held.hold(self._exchange, self._until):
            self._done(outcome)
        else:
            self._done(self._held.end(self._exchange, outcome))

    def expire(self) -> None:
        """Give up."""
        self._exchange.fail(TimeoutError())


async def _is_fit(connection: Connection) -> bool:
    """Return whether a connection is open, has nothing unread, and the pool has not marked it."""
    try:
        marked = connection.should_reconnect()  # type: ignore[no-untyped-call]  # redis-py
        return not (marked or await connection.can_read())
    except OSError:
        return False
