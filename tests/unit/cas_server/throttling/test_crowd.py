"""What an attempt is told when there are too many: whose doing it is."""

import asyncio

import pytest

from cas_server.errors import InvalidClient
from cas_server.throttling import fair_queue
from cas_server.throttling.claimant import Claimant
from cas_server.throttling.failure_counters import Kind
from cas_server.throttling.throttle import Throttle
from chassis.errors import ApiError

pytestmark = pytest.mark.anyio


async def attempt(throttle: Throttle, name: str, address: str, leave: asyncio.Event) -> int:
    """Return the status that a wrong secret has in the end."""
    try:
        async with throttle.attempt(Claimant(Kind.USER, name, address, exists=False)):
            await leave.wait()
            raise InvalidClient
    except ApiError as error:
        return error.status


async def test_one_address_that_sends_too_much_is_told_so() -> None:
    throttle, leave = Throttle(), asyncio.Event()
    sent = [
        asyncio.create_task(attempt(throttle, f"name-{number}", "10.0.0.1", leave))
        for number in range(2 + fair_queue.MAX_WAITING_PER_ADDRESS + 5)
    ]
    refused = await asyncio.gather(*sent[-5:])
    leave.set()
    await asyncio.gather(*sent)
    assert refused == [429] * 5


async def test_a_crowd_of_many_addresses_is_nobodys_doing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fair_queue, "MAX_WAITING", 10)
    throttle, leave = Throttle(), asyncio.Event()
    sent = [
        asyncio.create_task(attempt(throttle, "alice", f"10.0.0.{number}", leave))
        for number in range(2 + 10 + 5)
    ]
    refused, waiting = await asyncio.wait(sent, return_when=asyncio.FIRST_COMPLETED)
    while len(refused) < 5:
        more, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        refused |= more
    leave.set()
    await asyncio.gather(*sent)
    assert [task.result() for task in refused] == [503] * 5
