"""Commands of one turn of the event loop are sent together."""

import asyncio
from collections.abc import Sequence

import pytest

from cas_server.stores.batcher import MAX_OUT, Batcher
from chassis.errors import TemporarilyUnavailable

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
    batcher = Batcher(Store())
    asked = [batcher.submit(number) for number in range(20_000)]
    with pytest.raises(TemporarilyUnavailable):
        batcher.submit(0)
    for future in asked:
        future.cancel()
