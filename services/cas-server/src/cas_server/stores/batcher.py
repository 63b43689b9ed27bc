"""Commands of one turn of the event loop are sent together; later ones wait for the results.

Redis spends most of a small command on the socket: sixty reads in one MGET cost it hardly more
than one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

from chassis.errors import TemporarilyUnavailable

Item = TypeVar("Item")
Result = TypeVar("Result")

Done = Callable[[Result | Exception], None]

_MAX_WAITING = 20_000
_MAX_BATCH = 512
MAX_OUT = 1
"""Batches in flight at once."""


class Batcher(Generic[Item, Result]):
    """Collects items and flushes them together.

    `flush` returns their results in order, an error for an item that failed alone.
    """

    def __init__(
        self, flush: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]]
    ) -> None:
        self._flush = flush
        self._waiting: list[tuple[Item, Done[Result]]] = []
        self._out: set[asyncio.Task[None]] = set()
        self._scheduled = False

    def submit(self, item: Item) -> "asyncio.Future[Result]":
        """Queue an item; the future has its result, or what the flush raised."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.submit_for(item, partial(_settle, future))
        return future

    def submit_for(self, item: Item, done: Done[Result]) -> None:
        """Queue an item; `done` is called later, with its result or with what the flush raised.

        It must not raise. All of a batch are called in one turn of the event loop.
        """
        if len(self._waiting) >= _MAX_WAITING:
            raise TemporarilyUnavailable("Too many tokens are being looked up; try again")
        self._waiting.append((item, done))
        if not self._scheduled and len(self._out) < MAX_OUT:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._send)

    def _send(self) -> None:
        self._scheduled = False
        batch, self._waiting = self._waiting[:_MAX_BATCH], self._waiting[_MAX_BATCH:]
        if batch:
            task = asyncio.create_task(self._run(batch))
            self._out.add(task)
            task.add_done_callback(self._returned)

    def _returned(self, task: "asyncio.Task[None]") -> None:
        self._out.discard(task)
        if self._waiting and not self._scheduled:
            self._send()

    async def _run(self, batch: Sequence[tuple[Item, Done[Result]]]) -> None:
        try:
            results = await self._flush([item for item, _ in batch])
        except BaseException as error:  # noqa: BLE001 - whoever waits learns of it, cancelled or not
            # The waiting items would fail as well, and their time limit is running.
            waiting, self._waiting = self._waiting, []
            _fail([*batch, *waiting], error)
            return
        for (_, done), result in zip(batch, results, strict=True):
            done(result)


def _fail(batch: Sequence[tuple[Item, Done[Result]]], error: BaseException) -> None:
    cause = error if isinstance(error, Exception) else TemporarilyUnavailable("Shutting down")
    for _, done in batch:
        done(cause)


def _settle(future: "asyncio.Future[Result]", result: Result | Exception) -> None:
    if future.done():
        return  # cancelled
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
