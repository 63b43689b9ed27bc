"""The retry budget keeps retries from making an outage worse."""

import pytest

from chassis.client.retry_budget import RetryBudget


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def budget(clock: Clock, *, capacity: int = 10, floor: float = 0.0) -> RetryBudget:
    return RetryBudget(ratio=0.2, capacity=capacity, floor=floor, clock=clock)


def spent(retries: RetryBudget, wanted: int) -> int:
    return sum(retries.spend() for _ in range(wanted))


def test_as_many_calls_as_the_capacity_may_fail_together() -> None:
    assert spent(budget(Clock()), 100) == 10


@pytest.mark.bound("retry-budget")
def test_a_fifth_of_the_calls_is_retried_during_a_lasting_outage() -> None:
    retries = budget(Clock())
    spent(retries, 10)
    granted = 0
    for _ in range(1000):
        retries.earn()
        granted += retries.spend()
    assert granted == pytest.approx(200, abs=1)


def test_a_client_with_few_calls_may_retry_again_after_some_time() -> None:
    clock = Clock()
    retries = budget(clock, floor=10.0)
    spent(retries, 10)
    clock.now += 0.2
    assert spent(retries, 10) == 2


def test_successes_refill_the_budget_to_its_capacity_at_most() -> None:
    clock = Clock()
    retries = budget(clock, floor=10.0)
    for _ in range(1000):
        retries.earn()
    clock.now += 1000
    assert spent(retries, 100) == 10
