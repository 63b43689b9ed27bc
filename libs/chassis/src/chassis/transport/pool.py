"""Connections kept for the next call, within bounds of number, idle time and age."""

import asyncio
import random
import ssl
from collections import deque
from dataclasses import dataclass

from chassis.transport.connection import Connection
from chassis.transport.errors import ConnectFailedError
from chassis.transport.message import Origin, RawResponse

_AGE_JITTER = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolOptions:
    """Bound a pool; times in seconds, `max_response` in bytes.

    `keep_alive` must be shorter than the server's, else a request meets a connection that is
    being closed. `max_age` (spread by 25 % so that connections do not retire together) lets
    calls find replicas that came later.
    """

    size: int = 100
    connect_timeout: float = 1.0
    keep_alive: float = 15.0
    max_age: float = 60.0
    max_response: int = 1024 * 1024
    source_address: str | None = None


class Pool:
    """Run exchanges over kept connections, oldest idle one first.

    That order spreads calls over the replicas behind the connections, where newest first would
    send a lightly loaded caller to one of them only. `tls` replaces the system's authorities.
    """

    def __init__(self, options: PoolOptions, *, tls: ssl.SSLContext | None = None) -> None:
        self._options = options
        self._tls = tls
        self._idle: dict[Origin, deque[Connection]] = {}
        self._slots = asyncio.Semaphore(options.size)
        self._busy = 0
        self._sweep: asyncio.TimerHandle | None = None
        self._retired = False

    @property
    def max_response(self) -> int:
        """Return the bytes a response's body may have."""
        return self._options.max_response

    async def exchange(
        self, origin: Origin, data: bytes, *, fresh: bool = False, is_head: bool = False
    ) -> RawResponse:
        """Send one encoded request and return its answer; `fresh` takes a new connection.

        Waits while all of the pool's connections are busy; the caller bounds the time. Raises
        `TransportError`.
        """
        async with self._slots:
            self._busy += 1
            try:
                connection = None if fresh else self._take(origin)
                if connection is None:
                    self._make_room()
                    connection = await self._connect(origin)
                response = await connection.exchange(data, is_head=is_head)
                self._keep(origin, connection)
                return response
            finally:
                self._busy -= 1

    def retire(self) -> None:
        """Close the idle connections now, those in use at the end of their exchange."""
        self._retired = True
        if self._sweep is not None:
            self._sweep.cancel()
        for kept in self._idle.values():
            for connection in kept:
                connection.close()
        self._idle.clear()

    def _take(self, origin: Origin) -> Connection | None:
        kept = self._idle.get(origin)
        now = asyncio.get_running_loop().time()
        while kept:
            connection = kept.popleft()
            if self._is_good(connection, now):
                return connection
            connection.close()
        return None

    def _make_room(self) -> None:
        """Close the longest idle connection where another one would exceed the size.

        Exchanges under way are within it; calls to many origins, and fresh ones, leave idle
        connections behind them.
        """
        if self._busy + sum(map(len, self._idle.values())) <= self._options.size:
            return
        longest = min(filter(None, self._idle.values()), key=lambda idle: idle[0].idle_since)
        longest.popleft().close()

    def _is_good(self, connection: Connection, now: float) -> bool:
        idle = now - connection.idle_since
        return connection.usable and now < connection.expires_at and idle < self._options.keep_alive

    async def _connect(self, origin: Origin) -> Connection:
        options = self._options
        loop = asyncio.get_running_loop()
        # Spreading the retirement needs no secret randomness.
        age = options.max_age * random.uniform(1 - _AGE_JITTER, 1 + _AGE_JITTER)  # noqa: S311
        connection = Connection(expires_at=loop.time() + age, max_response=options.max_response)
        try:
            async with asyncio.timeout(options.connect_timeout):
                await loop.create_connection(
                    lambda: connection,
                    origin.host,
                    origin.port,
                    ssl=self._tls_context() if origin.tls_name else None,
                    server_hostname=origin.tls_name,
                    local_addr=(options.source_address, 0) if options.source_address else None,
                )
        except OSError as error:  # TimeoutError, which says nothing, is one
            reason = str(error) or "timeout"
            raise ConnectFailedError(f"{origin.host}:{origin.port}: {reason}") from None
        return connection

    def _tls_context(self) -> ssl.SSLContext:
        """Return the context, made at the first need: loading the authorities takes a while."""
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls

    def _keep(self, origin: Origin, connection: Connection) -> None:
        connection.idle_since = asyncio.get_running_loop().time()
        if self._retired or not connection.usable:
            connection.close()
            return
        self._idle.setdefault(origin, deque()).append(connection)
        if self._sweep is None:
            self._schedule_sweep()

    def _schedule_sweep(self) -> None:
        delay = self._options.keep_alive / 2
        self._sweep = asyncio.get_running_loop().call_later(delay, self._sweep_idle)

    def _sweep_idle(self) -> None:
        now = asyncio.get_running_loop().time()
        for origin, kept in list(self._idle.items()):
            good = deque(c for c in kept if self._is_good(c, now))
            for connection in set(kept) - set(good):
                connection.close()
            if good:
                self._idle[origin] = good
            else:
                del self._idle[origin]
        self._sweep = None
        if self._idle:
            self._schedule_sweep()
