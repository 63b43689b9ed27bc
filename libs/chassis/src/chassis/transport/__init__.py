"""A lean HTTP/1.1 client on httptools (Node.js' parser) and asyncio.

A call costs a fifth of a general client's CPU time; every token check is one
(docs/design/decisions/own-http-transport.md).
"""

from chassis.transport.connection import Connection
from chassis.transport.errors import (
    BrokenConnectionError,
    ConnectFailedError,
    ResponseTooLargeError,
    TransportError,
)
from chassis.transport.message import EncodedRequest, Headers, Origin, RawRequest, RawResponse
from chassis.transport.pool import Pool, PoolOptions

__all__ = [
    "BrokenConnectionError",
    "ConnectFailedError",
    "Connection",
    "EncodedRequest",
    "Headers",
    "Origin",
    "Pool",
    "PoolOptions",
    "RawRequest",
    "RawResponse",
    "ResponseTooLargeError",
    "TransportError",
]
