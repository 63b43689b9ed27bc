"""The retry budget: an outage is not made worse by its victims."""

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


def test_as_many_calls_as_it_was_made_for_may_die_at_once() -> None:
    assert spent(budget(Clock()), 100) == 10


@pytest.mark.bound("retry-budget")
def test_in_a_lasting_outage_a_fifth_of_the_calls_is_repeated() -> None:
    retries = budget(Clock())
    spent(retries, 10)
    granted = 0
    for _ in range(1000):
        retries.earn()
        granted += retries.spend()
    assert granted == pytest.approx(200, abs=1)


def test_a_client_of_few_calls_may_retry_again_after_a_while() -> None:
    clock = Clock()
    retries = budget(clock, floor=10.0)
    spent(retries, 10)
    clock.now += 0.2
    assert spent(retries, 10) == 2


def test_good_times_save_up_no_more_than_the_capacity() -> None:
    clock = Clock()
    retries = budget(clock, floor=10.0)
    for _ in range(1000):
        retries.earn()
    clock.now += 1000
    assert spent(retries, 100) == 10
