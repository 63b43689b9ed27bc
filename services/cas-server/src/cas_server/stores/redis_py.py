"""What cas-server uses of redis-py: its connections, their pool and its errors.

redis-py's clients have a method for every command of Redis, and import those of clusters as well:
4 MiB and 36 ms of a start. cas-server sends a few commands, and knows them by their names.
"""

from chassis.lean_imports.bare_packages import bare

with bare("redis", "redis.asyncio"):
    from redis.asyncio.connection import Connection, ConnectionPool, SSLConnection
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.exceptions import InvalidResponse, RedisError, ResponseError
    from redis.exceptions import TimeoutError as RedisTimeoutError

__all__ = [
    "Connection",
    "ConnectionPool",
    "InvalidResponse",
    "RedisConnectionError",
    "RedisError",
    "RedisTimeoutError",
    "ResponseError",
    "SSLConnection",
]
