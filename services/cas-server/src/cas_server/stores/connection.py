"""Connections to Redis by its service name, looked up anew at each connect."""

from collections.abc import Mapping
from typing import Any

from redis.asyncio import Connection, ConnectionPool, Redis, SSLConnection
from redis.exceptions import ConnectionError as RedisConnectionError

from chassis.config import RedisSettings
from chassis.discovery import Address, Discovery, DiscoveryError

_MAX_CONNECTIONS = 32


class DiscoveredConnection(Connection):
    """Connects to where discovery says the name leads now: Redis may have moved."""

    def __init__(self, *, discovery: Discovery, **options: Any) -> None:
        super().__init__(**options)
        self._discovery = discovery
        self._address = Address(self.host, self.port)

    async def _connect(self) -> None:
        """Raise redis' own error where the name leads nowhere: an outage like any other."""
        try:
            self._address = await self._discovery.resolve(self.host, self.port)
        except DiscoveryError as error:
            raise RedisConnectionError(str(error)) from error
        await super()._connect()  # type: ignore[no-untyped-call]  # redis-py

    def _connection_arguments(self) -> Mapping[str, Any]:
        return {**super()._connection_arguments(), **self._address._asdict()}


class DiscoveredSSLConnection(DiscoveredConnection, SSLConnection):
    """Proves the service's name, not the address it leads to."""

    def _connection_arguments(self) -> Mapping[str, Any]:
        return {**super()._connection_arguments(), "server_hostname": self.host}


def connect(settings: RedisSettings, discovery: Discovery) -> Redis:
    """Open the connections that `spring.data.redis` describes, the first when it is needed."""
    pool = ConnectionPool(
        connection_class=DiscoveredSSLConnection if settings.ssl else DiscoveredConnection,
        discovery=discovery,
        host=settings.host,
        port=settings.port,
        db=settings.database,
        username=settings.username,
        password=settings.password.get_secret_value() if settings.password else None,
        socket_timeout=settings.timeout,
        socket_connect_timeout=settings.timeout,
        max_connections=_MAX_CONNECTIONS,
    )
    return Redis.from_pool(pool)
