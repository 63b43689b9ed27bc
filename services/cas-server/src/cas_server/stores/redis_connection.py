"""What `spring.data.redis` asks for: one Redis by its name, or the primary that Sentinels name."""

from typing import Any

from pydantic import SecretStr

from cas_server.stores.discovered_connection import DiscoveredConnection, DiscoveredSSLConnection
from cas_server.stores.primary_connection import (
    PrimaryConnection,
    PrimaryPool,
    PrimarySSLConnection,
)
from cas_server.stores.redis_py import ConnectionPool
from cas_server.stores.sentinels import SENTINEL_PORT, Sentinels
from chassis.config import RedisSettings
from chassis.discovery import Discovery

_MAX_CONNECTIONS = 32


def connect(settings: RedisSettings, discovery: Discovery) -> ConnectionPool:
    """Open the connections that `spring.data.redis` describes, the first when it is needed."""
    options = _options(settings, settings.username, settings.password)
    options["db"] = settings.database
    if master := settings.sentinel.master:
        sentinels = [_sentinel(node, settings, discovery) for node in settings.sentinel.nodes]
        kind = PrimarySSLConnection if settings.tls else PrimaryConnection
        return PrimaryPool(Sentinels(sentinels), master, connection_class=kind, **options)
    return _named(settings.host, settings.port, settings, discovery, options)


def _sentinel(node: str, settings: RedisSettings, discovery: Discovery) -> ConnectionPool:
    """Open a Sentinel's connections: with its own user and password."""
    host, _, port = node.partition(":")
    options = _options(settings, settings.sentinel.username, settings.sentinel.password)
    return _named(host, int(port or SENTINEL_PORT), settings, discovery, options)


def _named(
    host: str, port: int, settings: RedisSettings, discovery: Discovery, options: dict[str, Any]
) -> ConnectionPool:
    kind = DiscoveredSSLConnection if settings.tls else DiscoveredConnection
    return ConnectionPool(
        connection_class=kind, discovery=discovery, host=host, port=port, **options
    )


def _options(
    settings: RedisSettings, username: str | None, password: SecretStr | None
) -> dict[str, Any]:
    return {
        "username": username,
        "password": password.get_secret_value() if password else None,
        "socket_timeout": settings.timeout,
        "socket_connect_timeout": settings.timeout,
        "max_connections": _MAX_CONNECTIONS,
        # redis-py would name itself on each connection (CLIENT SETINFO). cas-server's user in Redis
        # may not, and an ACL that allows it is an error before Redis 7.2.
        "driver_info": None,
    }
