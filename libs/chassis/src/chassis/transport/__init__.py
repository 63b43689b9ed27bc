"""A lean HTTP/1.1 client: the one place that speaks HTTP to other services.

It stands on httptools (the parser of Node.js) and asyncio. A call costs a fifth of what the
general clients take, which is what checking a token with every request needs.
"""

from chassis.transport.connection import Connection
from chassis.transport.errors import (
    BrokenConnectionError,
    ConnectFailedError,
    ResponseTooLargeError,
    TransportError,
)
from chassis.transport.message import Origin, RawRequest, RawResponse
from chassis.transport.pool import Pool, PoolOptions

__all__ = [
    "BrokenConnectionError",
    "ConnectFailedError",
    "Connection",
    "Origin",
    "Pool",
    "PoolOptions",
    "RawRequest",
    "RawResponse",
    "ResponseTooLargeError",
    "TransportError",
]
