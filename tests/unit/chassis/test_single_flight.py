"""Concurrent calls for one key share one call, and its error is freed after all callers got it."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from chassis.single_flight import SingleFlight

pytestmark = pytest.mark.anyio


class Refused(Exception):
    """The error of the shared call."""


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("callers", [1, 3])
async def test_an_error_leaves_no_reference_cycle(callers: int) -> None:
    """Regression: each refused guess left seventy objects to the garbage collector."""
    flights, errors = SingleFlight[str, None](), list[weakref.ref[Refused]]()

    async def refuse() -> None:
        await asyncio.sleep(0)
        error = Refused()
        errors.append(weakref.ref(error))
        try:
            raise error
        finally:
            del error

    async def call() -> None:
        with pytest.raises(Refused):
            await flights.run("alice", refuse)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(callers):
            tasks.create_task(call())
    del tasks
    assert [error() for error in errors] == [None]
