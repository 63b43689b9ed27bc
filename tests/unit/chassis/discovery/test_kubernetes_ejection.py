"""Which pods are ejected after a failure, and for how long."""

import pytest

from chassis.discovery import Address
from chassis.discovery.kubernetes.ejection import Ejections

ONE, OTHER = Address("10.244.0.1", 80), Address("10.244.0.2", 80)


class Clock:
    """Returns the time that a test has set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ejections(clock: Clock) -> Ejections:
    return Ejections(clock)


def test_a_pod_gets_calls_again_after_half_a_second(ejections: Ejections, clock: Clock) -> None:
    """A new pod may become ready shortly before the network routes to it."""
    ejections.add(ONE)
    assert ejections.without([ONE, OTHER]) == [OTHER]
    clock.now += 0.5
    assert ejections.without([ONE, OTHER]) == [ONE, OTHER]


def test_each_consecutive_failure_doubles_the_ejection_up_to_five_seconds(
    ejections: Ejections, clock: Clock
) -> None:
    whiles = []
    for _ in range(6):
        ejections.add(ONE)
        began = clock.now
        while ejections.without([ONE, OTHER]) == [OTHER]:
            clock.now += 0.25
        whiles.append(clock.now - began)
    assert whiles == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_calls_that_fail_together_count_as_one_failure(ejections: Ejections, clock: Clock) -> None:
    for _ in range(10):
        ejections.add(ONE)
        clock.now += 0.01
    clock.now = 100.5
    assert ejections.without([ONE, OTHER]) == [ONE, OTHER]


def test_a_pod_that_was_healthy_for_some_time_starts_over(
    ejections: Ejections, clock: Clock
) -> None:
    for _ in range(4):
        ejections.add(ONE)
        clock.now += 4
    clock.now += 6
    ejections.add(OTHER)
    ejections.add(ONE)
    clock.now += 0.5
    assert ejections.without([ONE, OTHER]) == [ONE, OTHER]


def test_every_pod_gets_calls_when_all_are_ejected(ejections: Ejections) -> None:
    ejections.add(ONE)
    assert ejections.without([ONE]) == [ONE]
