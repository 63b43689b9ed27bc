"""Commands of one turn of the event loop are sent together."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from structlog.testing import capture_logs

from cas_server.stores.batcher import MAX_OUT, Batcher, Outcome
from chassis.errors import TemporarilyUnavailable
from eventually import PATIENCE_S

pytestmark = pytest.mark.anyio


class Store:
    """Doubles each number once the test releases it."""

    def __init__(self) -> None:
        self.batches: list[Sequence[int]] = []
        self.open = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self, items: Sequence[int]) -> Sequence[int]:
        self.batches.append(items)
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return [2 * item for item in items]


async def test_commands_of_one_turn_are_one_batch_with_results_in_order() -> None:
    store = Store()
    store.open.set()
    batcher = Batcher(store)
    assert await asyncio.gather(*(batcher.submit(n) for n in range(10))) == [
        2 * n for n in range(10)
    ]
    assert store.batches == [list(range(10))]


@pytest.mark.bound("redis-batches")
async def test_batches_in_flight_are_bounded_and_later_commands_share_one_batch() -> None:
    store = Store()
    batcher, asked = Batcher(store), []
    for number in range(10):
        asked.append(batcher.submit(number))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert len(store.batches) == MAX_OUT
    store.open.set()
    assert await asyncio.gather(*asked) == [2 * n for n in range(10)]
    assert len(store.batches) == MAX_OUT + 1


async def test_a_cancelled_caller_does_not_cancel_the_others() -> None:
    store = Store()
    batcher = Batcher(store)
    first, second = batcher.submit(1), batcher.submit(2)
    await asyncio.sleep(0)
    first.cancel()
    store.open.set()
    assert await second == 4


async def test_a_failure_reaches_the_batch_and_the_waiting_callers() -> None:
    """Callers that queue behind an outage must not wait for one timeout after another (rule 12)."""
    store = Store()
    batcher, asked = Batcher(store), []
    for number in range(4):
        asked.append(batcher.submit(number))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    store.error = TemporarilyUnavailable("away")
    store.open.set()
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert outcomes == [store.error] * 4
    store.error = None
    assert await batcher.submit(1) == 2


@pytest.mark.bound("redis-reads")
async def test_the_queue_is_bounded() -> None:
    store = Store()
    store.open.set()
    batcher = Batcher(store)
    asked = [batcher.submit(number) for number in range(20_000)]
    with pytest.raises(TemporarilyUnavailable):
        batcher.submit(0)
    assert await asyncio.gather(*asked) == [2 * number for number in range(20_000)]


Batch = tuple[Sequence[int], Callable[[Outcome[int]], None]]


class Begun:
    """Holds what was begun without a task, until the test finishes it."""

    def __init__(self) -> None:
        self.store, self.may = Store(), True
        self.error: Exception | None = None
        self.store.open.set()
        self.batches: asyncio.Queue[Batch] = asyncio.Queue()
        self.batcher = Batcher[int, int](self.store, self)

    def __call__(self, items: Sequence[int], finished: Callable[[Outcome[int]], None]) -> bool:
        if self.error is not None:
            raise self.error
        if self.may:
            self.batches.put_nowait((items, finished))
        return self.may

    async def batch(self) -> Batch:
        """Return the next batch, once it is begun."""
        return await asyncio.wait_for(self.batches.get(), PATIENCE_S)


async def test_a_batch_may_do_without_a_task_and_the_next_one_waits_for_it() -> None:
    begun = Begun()
    first = begun.batcher.submit(1)
    items, finished = await begun.batch()
    later = [begun.batcher.submit(number) for number in (2, 3)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert items == [1]
    assert begun.batches.empty()

    finished([10])
    items, finished = await begun.batch()
    finished([20, ValueError("alone")])

    assert (await first, items, await later[0]) == (10, [2, 3], 20)
    with pytest.raises(ValueError, match="alone"):
        await later[1]
    assert begun.store.batches == []


async def test_a_batch_that_cannot_begin_so_has_its_task() -> None:
    begun = Begun()
    begun.may = False
    assert await begun.batcher.submit(4) == 8


async def test_a_batch_that_has_to_wait_goes_on_in_a_task() -> None:
    begun = Begun()
    asked = begun.batcher.submit(4)
    _, finished = await begun.batch()
    finished(begun.store([5]))
    assert await asked == 10


async def test_a_failure_on_the_way_reaches_who_waits_and_the_next_batch_is_served() -> None:
    begun = Begun()
    begun.store.error = TemporarilyUnavailable("away")
    first = begun.batcher.submit(1)
    _, finished = await begun.batch()
    second = begun.batcher.submit(2)
    finished(begun.store([1]))
    for asked in (first, second):
        with pytest.raises(TemporarilyUnavailable, match="away"):
            await asked

    third = begun.batcher.submit(3)
    _, finished = await begun.batch()
    finished([30])
    assert await third == 30


async def test_a_caller_that_raises_takes_no_other_along() -> None:
    begun = Begun()

    def fail(_: int | Exception) -> None:
        raise ValueError("of the caller")

    begun.batcher.submit_for(1, fail)
    asked = begun.batcher.submit(2)
    _, finished = await begun.batch()
    with capture_logs() as lines:
        finished([10, 20])
    assert await asked == 20
    assert [line["log_level"] for line in lines] == ["error"]


async def test_a_batch_that_fails_to_begin_fails_alone() -> None:
    begun = Begun()
    begun.error = ValueError("begin")
    with pytest.raises(ValueError, match="begin"):
        await begun.batcher.submit(1)
    begun.error, begun.may = None, False
    assert await begun.batcher.submit(4) == 8


async def test_items_of_the_turns_before_a_batch_are_in_it() -> None:
    begun = Begun()
    asked = [begun.batcher.submit(1)]
    await asyncio.sleep(0)
    asked.append(begun.batcher.submit(2))
    items, finished = await begun.batch()
    finished([10, 20])
    assert (items, await asyncio.gather(*asked)) == ([1, 2], [10, 20])
