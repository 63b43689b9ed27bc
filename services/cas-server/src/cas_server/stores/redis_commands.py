"""Commands to one Redis, batched and bounded in time: what every store on it shares.

An outage is a 503 (docs/design/reliability.md, "Redis away").
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from contextvars import copy_context
from typing import Any, TypeVar

import structlog
from hiredis import pack_command

from cas_server.errors import Unconfirmed
from cas_server.settings import DurabilitySettings
from cas_server.stores.batcher import Batcher
from cas_server.stores.held_connections import HeldConnections
from cas_server.stores.primary_connection import MARK, PrimaryPool
from cas_server.stores.redis_py import (
    ConnectionPool,
    RedisConnectionError,
    RedisError,
    RedisTimeoutError,
    ResponseError,
)
from chassis.deadlines import Deadlines
from chassis.errors import TemporarilyUnavailable

T = TypeVar("T")
Command = tuple[Any, ...]
Read = Callable[[list[Any] | Awaitable[list[Any]]], None]
_FOREIGN_LOG_S = 60.0
_FOREIGN = "A key of the token store holds another type; somebody else writes there"
_log = structlog.get_logger("cas_server.store")


class RedisCommands:
    """Sends commands, those of a turn or two of the event loop together.

    `aclose` closes the connections.
    """

    def __init__(
        self, pool: ConnectionPool, durability: DurabilitySettings, *, timeout: float
    ) -> None:
        self._pool, self._durability, self._deadlines = pool, durability, Deadlines(timeout)
        self._looks = Batcher[Command, Any](self._send_all)
        self._writes = Batcher[Command, Any](self.write_all)
        self._held = HeldConnections(pool)
        if isinstance(pool, PrimaryPool):
            pool.give_back = self._held.drop
        self._away = False
        self._next_foreign_log = 0.0

    def look(self, *command: Any) -> "asyncio.Future[Any]":
        """Return the reply to a command that changes nothing, or nothing that may not be lost."""
        return self._looks.submit(command)

    def write(self, *command: Any) -> "asyncio.Future[Any]":
        """Return the reply once enough replicas have the change; raises `Unconfirmed`."""
        return self._writes.submit(command)

    async def read(self, *command: Any) -> Any:
        """Return the reply to a command at once, as `look`; for the busiest read."""
        return await self.guard(self._held.run(*command))

    def begin_read(self, command: Command, done: Read) -> bool:
        """Send a command as `read` does, without a task, where a connection is held for it.

        `done` is called later with the reply, or with what returns or raises as `read` does once it
        is awaited. It must not raise.
        """
        context = copy_context()  # a connection has that of whoever opened it

        def replied(outcome: list[Any] | Awaitable[list[Any]]) -> None:
            context.run(read, outcome)

        def read(outcome: list[Any] | Awaitable[list[Any]]) -> None:
            if isinstance(outcome, list) and not isinstance(outcome[0], ResponseError):
                self._log_outage(away=False, reason="")
                done(outcome[0])
            else:
                done(self.guard(_only(outcome)))

        return self._held.begin(pack_command(command), self._deadlines, replied)

    async def ping(self) -> None:
        """Return when Redis responds."""
        await self._held.drop()
        await self.guard(self._held.run("PING"))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._held.drop()
        await self._pool.aclose()

    async def write_all(self, commands: Sequence[Command]) -> Sequence[Any]:
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

    async def guard(self, command: Awaitable[T]) -> T:
        """Bound a command in time; raise `TemporarilyUnavailable` for an outage."""
        try:
            with self._deadlines.begin():
                result = await command
        except (RedisError, OSError, TimeoutError) as error:
            self._log_outage(away=True, reason=type(error).__name__)
            await self._drop_idle_connections()
            raise TemporarilyUnavailable("The token store is away; try again") from error
        self._log_outage(away=False, reason="")
        return result

    async def _send_all(self, commands: Sequence[Command]) -> list[Any]:
        """Send all over one connection; what fails alone has its error as result."""
        return await self.guard(self._results(commands))

    async def _results(self, commands: Sequence[Command]) -> list[Any]:
        """Return each result; a key of another type fails its own command, any other error all."""
        results = await self._replies(commands)
        for place, result in enumerate(results):
            if isinstance(result, ResponseError) and "WRONGTYPE" in str(result):
                self._log_foreign(str(result))
                results[place] = TemporarilyUnavailable(_FOREIGN)
            elif isinstance(result, Exception):
                raise result
        return results

    async def _replies(self, commands: Sequence[Command]) -> list[Any]:
        """Return each reply; where the connection breaks, over another one."""
        with suppress(RedisConnectionError, RedisTimeoutError, OSError):
            return await self._held.run_all(commands)
        await self._held.drop()
        return await self._held.run_all(commands)

    def _log_foreign(self, why: str) -> None:
        """Log once a minute: one such key may fail every request."""
        if (now := time.monotonic()) >= self._next_foreign_log:
            self._next_foreign_log = now + _FOREIGN_LOG_S
            _log.error("a key of the token store holds another type", why=why)

    async def _drop_idle_connections(self) -> None:
        """Close idle connections: they may lead to the old primary; a new one looks it up."""
        # One that does not close in time, as over TLS to a Redis that hangs, is abandoned.
        with suppress(RedisError):
            await self._held.drop()
            await self._pool.disconnect(inuse_connections=False)

    def _log_outage(self, *, away: bool, reason: str) -> None:
        """Log an outage once, and its end."""
        if away != self._away:
            self._away = away
            _log.warning(
                "the token store is away" if away else "the token store is back", why=reason
            )


async def _only(outcome: list[Any] | Awaitable[list[Any]]) -> Any:
    """Return the only reply; raise an error."""
    (reply,) = outcome if isinstance(outcome, list) else await outcome
    if isinstance(reply, ResponseError):
        raise reply
    return reply
