"""PROTOCOL: too many failures are a 429 with Retry-After; the owner is never locked out."""

import asyncio

import pytest

from cas_server.errors import InvalidClient, TooManyFailures
from cas_server.throttle import FAILURES, Throttle

pytestmark = pytest.mark.anyio
HERE, ELSEWHERE = "10.0.0.1", "10.0.0.2"


async def _guess(throttle: Throttle, name: str = "app", address: str = HERE) -> type[Exception]:
    """Return what a wrong secret is answered with."""
    try:
        async with throttle.attempt(name, address):
            await asyncio.sleep(0)
            raise InvalidClient  # noqa: TRY301 - what a wrong secret ends with
    except (InvalidClient, TooManyFailures) as error:
        return type(error)


async def _guessed(times: int) -> Throttle:
    throttle = Throttle()
    for _ in range(times):
        await _guess(throttle)
    return throttle


async def test_failures_below_the_bound_are_no_reason() -> None:
    async with (await _guessed(FAILURES - 1)).attempt("app", HERE):
        pass


async def test_failures_at_the_bound_are_told_when_to_come_back() -> None:
    throttle = await _guessed(FAILURES)
    with pytest.raises(TooManyFailures) as refused:
        async with throttle.attempt("app", HERE):
            pass
    assert refused.value.status == 429
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 60


async def test_burst_of_guesses_is_counted_like_a_row() -> None:
    """Sixty at once were once sixty tries, for all were admitted before the first had failed."""
    throttle = Throttle()
    answers = await asyncio.gather(*(_guess(throttle) for _ in range(60)))
    assert answers.count(InvalidClient) == FAILURES
    assert answers.count(TooManyFailures) == 60 - FAILURES


async def test_success_is_no_failure() -> None:
    throttle = Throttle()
    for _ in range(FAILURES * 2):
        async with throttle.attempt("app", HERE):
            pass


async def test_another_address_and_another_name_are_not_locked_out() -> None:
    throttle = await _guessed(FAILURES)
    async with throttle.attempt("app", ELSEWHERE), throttle.attempt("other", HERE):
        pass


async def test_one_address_has_a_few_attempts_under_way_and_leaves_room_for_others() -> None:
    """Made-up names from one address once filled the queue of hashes for everybody."""
    throttle, under_way, most = Throttle(), 0, 0
    leave = asyncio.Event()

    async def try_name(name: str) -> None:
        nonlocal under_way, most
        async with throttle.attempt(name, HERE):
            under_way += 1
            most = max(most, under_way)
            await leave.wait()
            under_way -= 1

    tasks = [asyncio.create_task(try_name(f"name-{number}")) for number in range(50)]
    await asyncio.sleep(0)
    async with throttle.attempt("app", ELSEWHERE):
        pass
    leave.set()
    await asyncio.gather(*tasks)
    assert most == 8


async def test_window_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    throttle = await _guessed(FAILURES)
    monkeypatch.setattr("cas_server.throttle.time.monotonic", lambda: float("inf"))
    async with throttle.attempt("app", HERE):
        pass


async def test_memory_is_bounded_whatever_the_names() -> None:
    throttle = Throttle()
    for number in range(10_100):
        await _guess(throttle, f"{number}-" + "x" * 1000)
    assert len(throttle._counts) == 10_000
    assert {len(key) for key in throttle._counts._entries} == {32}
    assert not throttle._rows
