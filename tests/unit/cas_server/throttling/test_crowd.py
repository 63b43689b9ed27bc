"""The status of an attempt over the limit: 429 for one busy address, 503 for a crowd."""

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
    """Return the status with which an attempt with a wrong secret ends."""
    try:
        async with throttle.attempt(Claimant(Kind.USER, name, address, exists=False)):
            await leave.wait()
            raise InvalidClient
    except ApiError as error:
        return error.status


async def test_an_address_that_sends_too_many_attempts_gets_429() -> None:
    throttle, leave = Throttle(), asyncio.Event()
    sent = [
        asyncio.create_task(attempt(throttle, f"name-{number}", "10.0.0.1", leave))
        for number in range(2 + fair_queue.MAX_WAITING_PER_ADDRESS + 5)
    ]
    refused = await asyncio.gather(*sent[-5:])
    leave.set()
    await asyncio.gather(*sent)
    assert refused == [429] * 5


async def test_attempts_of_many_addresses_over_the_bound_get_503(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
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
