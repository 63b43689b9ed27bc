"""A connection pool with limits on number, idle time and age."""

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
    """The limits of a pool; times in seconds, `max_response` in bytes.

    `keep_alive` must be shorter than the server's, else a request may use a connection that the
    server is closing. `max_age` (±25 %, so that connections do not expire together) lets calls
    reach new replicas.
    """

    size: int = 100
    connect_timeout: float = 1.0
    keep_alive: float = 15.0
    max_age: float = 60.0
    max_response: int = 1024 * 1024
    source_address: str | None = None


class Pool:
    """Run exchanges over pooled connections, the longest idle first.

    That order spreads calls over the replicas; with newest first, a lightly loaded caller would
    use only one. `tls` replaces the system's CA certificates.
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
        """Return the maximum size of a response body, in bytes."""
        return self._options.max_response

    async def exchange(
        self, origin: Origin, data: bytes, *, fresh: bool = False, is_head: bool = False
    ) -> RawResponse:
        """Send one encoded request and return its response; `fresh` opens a new connection.

        Waits while all connections are in use; the caller bounds the time. Raises
        `TransportError`.
        """
        await self._slots.acquire()
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
            self._slots.release()

    def retire(self) -> None:
        """Close idle connections now, and the others after their exchange."""
        self._retired = True
        if self._sweep is not None:
            self._sweep.cancel()
        for idle in self._idle.values():
            for connection in idle:
                connection.close()
        self._idle.clear()

    def _take(self, origin: Origin) -> Connection | None:
        idle = self._idle.get(origin)
        now = asyncio.get_running_loop().time()
        while idle:
            connection = idle.popleft()
            if self._is_good(connection, now):
                return connection
            connection.close()
        return None

    def _make_room(self) -> None:
        """Close the longest idle connection if another one would exceed the size.

        Calls to many origins, and `fresh` ones, leave idle connections.
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
        age = options.max_age * random.uniform(1 - _AGE_JITTER, 1 + _AGE_JITTER)  # noqa: S311 - jitter needs no secrecy
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
        except OSError as error:  # including TimeoutError, which has no message
            reason = str(error) or "timeout"
            raise ConnectFailedError(f"{origin.host}:{origin.port}: {reason}") from None
        return connection

    def _tls_context(self) -> ssl.SSLContext:
        """Return the TLS context, created once: loading the CA certificates is slow."""
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
        for origin, idle in list(self._idle.items()):
            good = deque(c for c in idle if self._is_good(c, now))
            for connection in set(idle) - set(good):
                connection.close()
            if good:
                self._idle[origin] = good
            else:
                del self._idle[origin]
        self._sweep = None
        if self._idle:
            self._schedule_sweep()
