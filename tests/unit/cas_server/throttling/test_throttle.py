"""docs/design/lockout.md, "What is counted": 429 for a guesser, never for the owner."""

import asyncio

import pytest

from cas_server.errors import InvalidClient, TooManyFailures
from cas_server.throttling.claimant import Claimant
from cas_server.throttling.failure_counters import PAIR, Admission, Attempt, Kind, Outcome
from cas_server.throttling.local_failure_counters import LocalFailureCounters
from cas_server.throttling.throttle import Throttle
from chassis.errors import TemporarilyUnavailable

pytestmark = pytest.mark.anyio
HERE, ELSEWHERE = "10.0.0.1", "10.0.0.2"


class Counters(LocalFailureCounters):
    """Counts how often it is called."""

    asked = 0

    async def look(self, attempt: Attempt) -> Admission:
        self.asked += 1
        return await super().look(attempt)

    async def admit(self, attempt: Attempt) -> Admission:
        self.asked += 1
        await asyncio.sleep(0)
        return await super().admit(attempt)


class Busy(Counters):
    """Reports attempts of the pair in other replicas for the first few calls."""

    times = 2

    async def admit(self, attempt: Attempt) -> Admission:
        admission = await super().admit(attempt)
        if self.asked > self.times + 1:
            return admission
        await self.settle(attempt, Outcome.WITHDRAWN)
        return Admission(busy=True)


def who(name: str = "app", address: str = HERE) -> Claimant:
    return Claimant(Kind.CLIENT, name, address, exists=True)


async def guess(throttle: Throttle, name: str = "app", address: str = HERE) -> type[Exception]:
    """Return the error that a wrong secret gets."""
    try:
        async with throttle.attempt(who(name, address)):
            await asyncio.sleep(0)
            raise InvalidClient  # noqa: TRY301 - what a wrong secret ends with
    except (InvalidClient, TooManyFailures) as error:
        return type(error)


async def guessed(times: int, counters: Counters | None = None) -> Throttle:
    throttle = Throttle(counters or Counters())
    for _ in range(times):
        await guess(throttle)
    return throttle


async def test_failures_below_the_bound_do_not_lock_out() -> None:
    async with (await guessed(PAIR.free - 1)).attempt(who()):
        pass


@pytest.mark.bound("wrong-secrets-of-a-pair")
async def test_failures_at_the_bound_get_retry_after() -> None:
    throttle = await guessed(PAIR.free)
    with pytest.raises(TooManyFailures) as refused:
        async with throttle.attempt(who()):
            pass
    assert refused.value.status == 429
    assert int(refused.value.headers["Retry-After"]) == PAIR.first


async def test_a_concurrent_burst_of_guesses_counts_like_a_sequence() -> None:
    """Regression: of sixty concurrent guesses, all were admitted before the first had failed."""
    throttle = Throttle()
    ends = await asyncio.gather(*(guess(throttle) for _ in range(60)))
    assert ends.count(InvalidClient) == PAIR.free
    assert ends.count(TooManyFailures) == 60 - PAIR.free


async def test_a_success_does_not_count_as_a_failure() -> None:
    throttle = Throttle()
    for _ in range(PAIR.free * 2):
        async with throttle.attempt(who()):
            pass


async def test_other_errors_than_a_wrong_secret_do_not_count_as_failures() -> None:
    throttle = Throttle()
    for _ in range(PAIR.free * 2):
        with pytest.raises(TemporarilyUnavailable):
            async with throttle.attempt(who()):
                raise TemporarilyUnavailable
    async with throttle.attempt(who()):
        pass


async def test_another_address_and_another_name_are_not_locked_out() -> None:
    throttle = await guessed(PAIR.free)
    async with throttle.attempt(who(address=ELSEWHERE)), throttle.attempt(who("other")):
        pass


async def test_a_locked_out_pair_causes_no_store_request() -> None:
    counters = Counters()
    throttle = await guessed(PAIR.free + 1, counters)
    asked = counters.asked
    ends = [await guess(throttle) for _ in range(100)]
    assert set(ends) == {TooManyFailures}
    assert counters.asked == asked


async def test_a_locked_out_address_causes_no_store_request_for_any_name() -> None:
    counters = Counters()
    throttle = Throttle(counters)
    for number in range(30):
        await guess(throttle, f"name-{number}")
    asked = counters.asked
    assert await guess(throttle, "another") is TooManyFailures
    assert counters.asked == asked


async def test_an_attempt_waits_for_attempts_of_other_replicas() -> None:
    counters = Busy()
    async with Throttle(counters).attempt(who()):
        assert counters.asked == 1 + 3


@pytest.mark.bound("busy-name")
async def test_the_wait_for_other_replicas_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cas_server.throttling.throttle._BUSY_S", 0.0)
    counters = Busy()
    counters.times = 10_000
    with pytest.raises(TemporarilyUnavailable):
        async with Throttle(counters).attempt(who()):
            pass
