"""Commands of a turn or two of the event loop are sent together; later ones wait for the results.

Redis spends most of a small command on the socket: sixty reads in one MGET cost it hardly more
than one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Generic, TypeVar

import structlog

from chassis.errors import TemporarilyUnavailable

Item = TypeVar("Item")
Result = TypeVar("Result")

Done = Callable[[Result | Exception], None]
Results = Sequence[Result | Exception]
Flush = Callable[[Sequence[Item]], Awaitable[Results[Result]]]
Outcome = Results[Result] | Awaitable[Results[Result]]
Begin = Callable[[Sequence[Item], Callable[[Outcome[Result]], None]], bool]

_log = structlog.get_logger("cas_server.store")
_MAX_WAITING = 20_000
_MAX_BATCH = 512
_TURNS = 2
"""For how many turns a batch waits while each brings more items: a turn costs less than a batch."""
MAX_OUT = 1
"""Batches in flight at once."""


def _by_a_task(items: Sequence[object], finished: object) -> bool:
    del items, finished
    return False


class Batcher(Generic[Item, Result]):
    """Collects items and flushes them together.

    `flush` returns their results in order, an error for an item that failed alone. `begin` does the
    same without a task: it calls `finished` later with the results, or with what returns or raises
    them once it is awaited. It returns False, and calls nothing, where it can't.
    """

    def __init__(self, flush: Flush[Item, Result], begin: Begin[Item, Result] = _by_a_task) -> None:
        self._flush, self._begin = flush, begin
        self._waiting: list[tuple[Item, Done[Result]]] = []
        self._out = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._scheduled = False
        self._gathered = self._turns = 0

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
        if not self._scheduled and self._out < MAX_OUT:
            self._schedule()

    def _schedule(self) -> None:
        self._gathered, self._turns = 0, 0
        self._scheduled = True
        asyncio.get_running_loop().call_soon(self._send)

    def _send(self) -> None:
        if self._turns < _TURNS and len(self._waiting) > self._gathered:
            self._gathered = len(self._waiting)
            self._turns += 1
            asyncio.get_running_loop().call_soon(self._send)
            return
        self._scheduled = False
        batch, self._waiting = self._waiting[:_MAX_BATCH], self._waiting[_MAX_BATCH:]
        if not batch:
            return
        self._out += 1
        try:
            has_begun = self._begin([item for item, _ in batch], partial(self._finished, batch))
        except Exception as error:  # noqa: BLE001 - whoever waits learns of it
            _fail(batch, error)
            self._go_on()
        else:
            if not has_begun:
                self._await(batch, None)

    def _finished(
        self, batch: Sequence[tuple[Item, Done[Result]]], outcome: Outcome[Result]
    ) -> None:
        if isinstance(outcome, Awaitable):
            self._await(batch, outcome)
            return
        _deliver(batch, outcome)
        self._go_on()

    def _go_on(self) -> None:
        self._out -= 1
        if self._waiting and not self._scheduled:
            self._schedule()

    def _await(
        self,
        batch: Sequence[tuple[Item, Done[Result]]],
        outcome: Awaitable[Results[Result]] | None,
    ) -> None:
        task = asyncio.create_task(self._run(batch, outcome))
        self._tasks.add(task)
        task.add_done_callback(self._returned)

    def _returned(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._go_on()

    async def _run(
        self,
        batch: Sequence[tuple[Item, Done[Result]]],
        outcome: Awaitable[Results[Result]] | None,
    ) -> None:
        try:
            results = await (outcome or self._flush([item for item, _ in batch]))
        except BaseException as error:  # noqa: BLE001 - whoever waits learns of it, cancelled or not
            # The waiting items would fail as well, and their time limit is running.
            waiting, self._waiting = self._waiting, []
            _fail([*batch, *waiting], error)
            return
        _deliver(batch, results)


def _deliver(batch: Sequence[tuple[Item, Done[Result]]], results: Results[Result]) -> None:
    for (_, done), result in zip(batch, results, strict=True):
        try:
            done(result)
        except Exception:  # noqa: BLE001 - logged
            # It would end the connection to Redis, and the others of the batch with it.
            _log.exception("a result of the token store was not taken")


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
