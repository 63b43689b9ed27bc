"""The queue is fair by address and by name, and bounded in length and waiting time."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from typing import Any

import pytest

import virtual_time
from cas_server.errors import TooManyWaiting
from cas_server.throttling import fair_queue
from cas_server.throttling.fair_queue import (
    MAX_FAILED_PER_ADDRESS,
    MAX_WAITING,
    MAX_WAITING_PER_ADDRESS,
    FairQueue,
    Priority,
)
from chassis.errors import TemporarilyUnavailable
from eventually import PATIENCE_S

pytestmark = pytest.mark.anyio


class Served:
    """A queue with one slot, and the labels of served attempts in order."""

    def __init__(self) -> None:
        self.late = set[Hashable]()
        self.queue, self.names = FairQueue(1, self._priority), list[str]()
        self._tasks: list[asyncio.Task[None]] = []

    def come(self, label: str, address: str, name: str) -> None:
        self._tasks.append(asyncio.create_task(self._wait(label, address, name)))

    def _priority(self, address: Hashable, _: Hashable) -> Priority:
        return Priority.FAILED_BEFORE if address in self.late else Priority.NEW

    async def _wait(self, label: str, address: str, name: str) -> None:
        async with self.queue.turn(address, name):
            self.names.append(label)

    @asynccontextmanager
    async def closed(self) -> AsyncIterator[None]:
        """Occupy the slot while the block runs, then wait until all attempts have ended."""
        async with self.queue.turn("first", "first"):
            yield
            await asyncio.sleep(0)
        self.outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)


@pytest.fixture
def served() -> Served:
    return Served()


async def test_three_hundred_attempts_of_one_name_do_not_make_others_wait(served: Served) -> None:
    async with served.closed():
        for number in range(200):
            served.come("many", f"10.0.0.{number}", "alice")
        await asyncio.sleep(0)
        served.come("one", "10.1.0.1", "bob")
    assert "one" in served.names[:2]


async def test_many_names_from_one_address_do_not_make_others_wait(served: Served) -> None:
    async with served.closed():
        for number in range(60):
            served.come("many", "10.0.0.1", f"name-{number}")
        await asyncio.sleep(0)
        served.come("one", "10.1.0.1", "name-59")
    assert "one" in served.names[:3]


async def test_an_address_with_failures_is_served_after_those_without(served: Served) -> None:
    async with served.closed():
        for number in range(50):
            served.come("late", f"10.0.0.{number}", "alice")
            served.late.add(f"10.0.0.{number}")
        await asyncio.sleep(0)
        served.come("alice", "10.1.0.1", "alice")
    assert served.names[0] == "alice"


async def test_an_address_that_fails_while_it_waits_loses_its_priority(served: Served) -> None:
    async with served.closed():
        served.come("late", "10.0.0.1", "alice")
        await asyncio.sleep(0)
        for number in range(5):
            served.come("new", "10.1.0.1", f"name-{number}")
        served.late.add("10.0.0.1")
    assert served.names.index("late") == 5


async def test_an_address_with_failures_is_not_starved_by_new_arrivals(served: Served) -> None:
    served.late.add("10.0.0.1")
    async with served.closed():
        served.come("late", "10.0.0.1", "alice")
        for number in range(20):
            served.come("many", "10.1.0.1", f"name-{number}")
    assert served.names.index("late") <= 8


@pytest.mark.bound("waiting-hashes-of-who-failed")
async def test_an_address_with_failures_has_at_most_two_waiting_attempts_under_load(
    served: Served,
) -> None:
    served.late.add("10.0.0.1")
    async with served.closed():
        for number in range(20):
            served.come("new", f"10.1.0.{number}", "alice")
        for number in range(5):
            served.come("late", "10.0.0.1", f"name-{number}")
    assert served.names.count("late") == MAX_FAILED_PER_ADDRESS
    assert [type(one) for one in served.outcomes[-3:]] == [TooManyWaiting] * 3


def test_addresses_with_failures_share_an_eighth_of_one_slot_under_load() -> None:
    began = list[float]()
    queue = FairQueue(2, lambda _, __: Priority.FAILED_BEFORE)

    async def attempt(address: str) -> None:
        async with queue.turn(address, "alice"):
            # clock: a virtual one
            began.append(asyncio.get_running_loop().time())
            await asyncio.sleep(0.01)

    async def all_attempts() -> None:
        await asyncio.gather(*(attempt(f"10.0.0.{number}") for number in range(16)))

    virtual_time.run(all_attempts())
    assert began[5] - began[2] == pytest.approx(3 * 8 * 0.01)


async def test_a_drained_queue_leaves_nothing_in_memory(served: Served) -> None:
    async with served.closed():
        for number in range(300):
            served.come("one", f"10.0.0.{number % 70}", f"name-{number % 9}")
    queue = served.queue
    left: list[Any] = [queue._waiting, queue._under_way, queue._of_address, queue._rows]
    assert [one for one in left if one] == []


@pytest.mark.bound("waiting-hashes-of-an-address")
async def test_waiting_attempts_of_one_address_are_bounded(served: Served) -> None:
    async with served.closed():
        for number in range(MAX_WAITING_PER_ADDRESS + 1):
            served.come("many", "10.0.0.1", f"name-{number}")
    assert len(served.names) == MAX_WAITING_PER_ADDRESS
    assert isinstance(served.outcomes[-1], TemporarilyUnavailable)


@pytest.mark.bound("waiting-hashes")
async def test_nine_addresses_can_not_fill_the_queue(served: Served) -> None:
    async with served.closed():
        for number in range(9 * MAX_WAITING_PER_ADDRESS):
            served.come("many", f"10.0.0.{number % 9}", f"name-{number}")
        await asyncio.sleep(0)
        served.come("one", "10.1.0.1", "alice")
    refused = [one for one in served.outcomes if isinstance(one, TemporarilyUnavailable)]
    assert len(served.names) == MAX_WAITING
    assert "one" in served.names[:10]
    assert all(int(one.headers["Retry-After"]) >= 1 for one in refused)


@pytest.mark.bound("waiting-time-for-a-hash")
async def test_the_waiting_time_is_bounded(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_queue, "PATIENCE_S", 0.01)
    async with served.queue.turn("first", "first"):
        with pytest.raises(TemporarilyUnavailable) as refused:
            async with served.queue.turn("10.0.0.1", "alice"):
                pass
    assert int(refused.value.headers["Retry-After"]) >= 1
    async with served.queue.turn("10.0.0.1", "alice"):
        pass


async def test_an_attempt_that_waited_too_long_leaves_no_reference_cycle(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: under a flood the garbage collector stopped the event loop for these cycles."""
    monkeypatch.setattr(fair_queue, "PATIENCE_S", 0.0)
    errors = list[weakref.ref[TemporarilyUnavailable]]()

    async def wait_too_long() -> None:
        try:
            async with served.queue.turn("10.0.0.1", "alice"):
                pass
        except TemporarilyUnavailable as error:
            errors.append(weakref.ref(error))

    gc.disable()
    try:
        async with served.queue.turn("first", "first"):
            await wait_too_long()
        await asyncio.sleep(0)  # until the timer that ended the wait is gone too
        assert [error() for error in errors] == [None]
    finally:
        gc.enable()


async def test_attempts_of_one_pair_run_one_at_a_time() -> None:
    queue, under_way, most = FairQueue(2), 0, 0

    async def attempt() -> None:
        nonlocal under_way, most
        async with queue.turn("10.0.0.1", "alice"):
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1

    await asyncio.gather(*(attempt() for _ in range(20)))
    assert most == 1


@pytest.mark.parametrize("granted", [True, False])
async def test_a_cancelled_attempt_frees_its_slot(*, granted: bool) -> None:
    queue = FairQueue(1)

    async def attempt() -> None:
        async with queue.turn("10.0.0.1", "alice"):
            await asyncio.Event().wait()

    holder = asyncio.create_task(attempt())
    await asyncio.sleep(0)
    waiter = asyncio.create_task(attempt())
    await asyncio.sleep(0)
    if granted:
        holder.cancel()
        await asyncio.sleep(0)
    waiter.cancel()
    holder.cancel()
    await asyncio.gather(holder, waiter, return_exceptions=True)
    async with asyncio.timeout(PATIENCE_S), queue.turn("10.0.0.2", "bob"):
        pass
