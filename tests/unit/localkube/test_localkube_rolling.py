"""The arithmetic of rolling updates, as Kubernetes documents it."""

import pytest

from localkube.engine.rolling_update import Limits, Size, next_sizes


@pytest.mark.parametrize(
    ("surge", "unavailable", "expected"),
    [("25%", "25%", Limits(3, 1, 0)), (0, 0, Limits(3, 0, 1)), ("50%", 2, Limits(3, 2, 2))],
)
def test_surge_is_rounded_up_and_unavailable_down(
    surge: int | str, unavailable: int | str, expected: Limits
) -> None:
    assert Limits.of(3, surge, unavailable) == expected


def test_growth_stops_at_wanted_plus_surge() -> None:
    assert next_sizes(Limits(3, 1, 0), Size(0, 0), Size(3, 3)) == (1, 3)
    assert next_sizes(Limits(3, 1, 0), Size(1, 0), Size(3, 3)) == (1, 3)


def test_an_old_pod_ends_when_a_new_one_is_available() -> None:
    assert next_sizes(Limits(3, 1, 0), Size(1, 1), Size(3, 3)) == (1, 2)


def test_unavailable_old_pods_end_first() -> None:
    assert next_sizes(Limits(3, 1, 1), Size(1, 0), Size(3, 2)) == (1, 2)


def test_a_smaller_deployment_shrinks_immediately() -> None:
    assert next_sizes(Limits(1, 1, 0), Size(4, 4), Size(0, 0)) == (1, 0)


@pytest.mark.parametrize("surge", [0, 1, 2, 3])
@pytest.mark.parametrize("unavailable", [0, 1, 3])
@pytest.mark.parametrize("wanted", [0, 1, 3, 7])
def test_every_rollout_ends_within_its_limits(wanted: int, surge: int, unavailable: int) -> None:
    limits = Limits.of(wanted, surge, unavailable)
    new, old = Size(0, 0), Size(wanted, wanted)
    for _ in range(4 * wanted + 2):
        grown, shrunk = next_sizes(limits, new, old)
        assert grown + shrunk <= max(wanted + limits.surge, new.replicas + old.replicas)
        assert min(new.available, grown) + shrunk >= wanted - limits.unavailable
        new, old = Size(grown, grown), Size(shrunk, shrunk)
    assert (new.replicas, old.replicas) == (wanted, 0)
