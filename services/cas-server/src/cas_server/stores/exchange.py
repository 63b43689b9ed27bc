"""Commands and replies over a connection of redis-py's, without its stream.

redis-py connects, authenticates and pools. While a connection is held, what arrives goes to hiredis
at once: the stream, its buffer and the coroutines around both take as long as all else of a batch.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from hiredis import PushNotification, Reader

from cas_server.stores.redis_py import Connection, InvalidResponse, RedisConnectionError

Replied = Callable[[list[Any] | Exception], None]
_INCOMPLETE = object()


class Exchange(asyncio.Protocol):
    """A connection that is up, for one batch of commands at a time, until `give_back`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        # redis-py tells neither its stream nor its names of errors in public.
        writer, parser = connection._writer, connection._parser  # noqa: SLF001 - see above
        assert writer is not None  # noqa: S101 - for the type checker
        self._transport, self._stream = writer.transport, writer.transport.get_protocol()
        self._parser = Reader(
            protocolError=InvalidResponse,
            replyError=parser.parse_error,
            notEnoughData=_INCOMPLETE,
        )
        self._waiting: Replied | None = None
        self._replies: list[Any] = []
        self._count = 0
        self._is_unfit = False
        self._transport.set_protocol(self)

    @property
    def is_fit(self) -> bool:
        """Return whether the connection is open, has nothing unread, and its pool wants it."""
        marked = self.connection.should_reconnect()  # type: ignore[no-untyped-call]  # redis-py
        return not (self._is_unfit or self._waiting or marked or self._transport.is_closing())

    def run(self, packed: bytes, count: int) -> "asyncio.Future[list[Any]]":
        """Send `count` commands; the future has what `begin` calls `replied` with."""
        future: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self.begin(packed, count, partial(_settle, future))
        return future

    def begin(self, packed: bytes, count: int, replied: Replied) -> None:
        """Send `count` commands; have `replied` called with their replies, Redis' errors too.

        Or with redis-py's `ConnectionError` where the connection breaks. It must not raise.
        """
        self._waiting = replied
        self._replies, self._count = [], count
        self._transport.write(packed)

    def fail(self, error: Exception) -> None:
        """Give up: nobody may use the connection any more."""
        self._is_unfit = True
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting(error)

    def give_back(self) -> None:
        """Let redis-py read by its own stream again."""
        self._transport.set_protocol(self._stream)

    def data_received(self, data: bytes) -> None:
        """Parse replies."""
        self._parser.feed(data)
        try:
            while (reply := self._parser.gets()) is not _INCOMPLETE:
                self._take(reply)
        except InvalidResponse as error:
            self.fail(error)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what waits; redis-py waits for its own stream to end."""
        self.fail(RedisConnectionError(f"Redis closed the connection: {exc or 'end of stream'}"))
        self._stream.connection_lost(exc)

    def _take(self, reply: Any) -> None:
        if self._waiting is None or isinstance(reply, PushNotification):
            # A reply to nothing, or a note of maintenance: redis-py connects anew.
            self._is_unfit = True
        elif isinstance(reply, RedisConnectionError):
            self.fail(reply)  # as LOADING: this Redis serves nobody now
        else:
            self._replies.append(reply)
            if len(self._replies) == self._count:
                waiting, self._waiting = self._waiting, None
                waiting(self._replies)


def _settle(future: "asyncio.Future[list[Any]]", outcome: list[Any] | Exception) -> None:
    if future.done():
        return  # its caller may have given up
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
