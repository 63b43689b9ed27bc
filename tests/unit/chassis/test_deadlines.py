"""Deadlines that share a timer do what `asyncio.timeout` does."""

import asyncio
from typing import Any

import pytest

from chassis.deadlines import Deadlines

pytestmark = pytest.mark.anyio


async def never() -> None:
    await asyncio.Event().wait()


async def call(deadlines: Deadlines) -> str:
    try:
        with deadlines.begin():
            await never()
    except TimeoutError:
        return "late"
    return "done"


async def test_a_late_call_is_a_timeout_and_its_task_goes_on() -> None:
    deadlines = Deadlines(0)

    assert [await call(deadlines) for _ in range(2)] == ["late", "late"]
    current = asyncio.current_task()
    assert current is not None
    assert current.cancelling() == 0
    assert len(deadlines) == 0


async def test_calls_that_are_late_together_all_end() -> None:
    deadlines = Deadlines(0)

    assert await asyncio.gather(*(call(deadlines) for _ in range(5))) == ["late"] * 5


async def test_a_cancelled_call_is_cancelled_and_not_late() -> None:
    deadlines = Deadlines(3600)
    task = asyncio.create_task(call(deadlines))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(deadlines) == 0


async def test_an_error_of_the_call_is_its_own() -> None:
    deadlines = Deadlines(3600)

    with pytest.raises(KeyError), deadlines.begin():
        raise KeyError
    assert len(deadlines) == 0


async def test_a_call_that_is_done_is_not_cancelled_by_the_timer_of_the_others() -> None:
    deadlines = Deadlines(0)
    with deadlines.begin():
        pass

    assert await call(deadlines) == "late"
    await asyncio.sleep(0)


async def test_a_thousand_calls_in_a_row_set_one_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    deadlines, set_ = Deadlines(3600), list[float]()
    loop = asyncio.get_running_loop()
    call_at = type(loop).call_at

    def counted(self: Any, when: float, *arguments: Any, **options: Any) -> asyncio.TimerHandle:
        set_.append(when)
        return call_at(self, when, *arguments, **options)

    monkeypatch.setattr(type(loop), "call_at", counted)
    for _ in range(1000):
        with deadlines.begin():
            await asyncio.sleep(0)

    assert len(set_) == 1
