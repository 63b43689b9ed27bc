"""The expected share of each version, and its statistical tolerance."""

import random
from collections.abc import Mapping

import pytest

from suitectl.release.probes import Probe
from suitectl.release.release import Release, release_from_json
from suitectl.release.shares import shares_of, tolerance
from suitectl.terminal import bar

BOTH = {"app": "stock-service"}


def _probes(**counts: int) -> list[Probe]:
    return [
        Probe("http://service", None if name == "failed" else name, 0.001)
        for name, count in counts.items()
        for _ in range(count)
    ]


def test_the_share_of_responses_is_compared_with_the_share_of_pods() -> None:
    v1, v2 = shares_of(_probes(v1=44, v2=156), {"v1": 1, "v2": 4}, BOTH)
    assert (v1.expected, v2.expected) == (0.2, 0.8)
    assert (v1.observed, v2.observed) == (0.22, 0.78)
    assert v1.within
    assert v2.within


def test_a_version_outside_the_selector_is_expected_to_have_no_share() -> None:
    v1, v2 = shares_of(_probes(v1=1, v2=99), {"v1": 3, "v2": 3}, {**BOTH, "version": "v2"})
    assert (v1.pods, v1.expected, v1.within) == (0, 0.0, False)
    assert (v2.pods, v2.expected) == (3, 1.0)


def test_a_failure_is_attributed_to_no_version() -> None:
    (v1,) = shares_of(_probes(v1=10, failed=10), {"v1": 1}, BOTH)
    assert v1.observed == 1.0


@pytest.mark.parametrize(("share", "points"), [(0.5, 0.106), (0.8, 0.085), (0.0, 0.0), (1.0, 0.0)])
def test_the_tolerance_is_three_standard_deviations_of_the_binomial(
    share: float, points: float
) -> None:
    assert tolerance(share, 200) == pytest.approx(points, abs=0.001)


def test_a_fair_balancer_nearly_always_passes_and_an_unfair_one_does_not() -> None:
    dice = random.Random(7)  # noqa: S311 - not a secret
    fair = [_fair(dice, {"v1": 1, "v2": 4}) for _ in range(500)]
    assert sum(fair) >= 495
    assert sum(_fair(dice, {"v1": 1, "v2": 1}) for _ in range(100)) == 0


def _fair(dice: random.Random, pods: Mapping[str, int]) -> bool:
    """Draw 200 connections from pods, and compare them with a share of 1 : 4."""
    chosen = dice.choices(list(pods), weights=list(pods.values()), k=200)
    probes = [Probe("http://service", version, 0.001) for version in chosen]
    return all(share.within for share in shares_of(probes, {"v1": 1, "v2": 4}, BOTH))


def test_a_bar_marks_the_expected_share() -> None:
    assert bar(0.5, 1.0, 14) == "█" * 7 + "·" * 6 + "│"


def test_a_release_is_restored_from_its_annotation() -> None:
    release = Release({**BOTH, "version": "v1"}, {"v1": 3, "v2": 0})
    assert release_from_json(release.to_json()) == release
    assert release.carrying == {"v1": 3}
    assert str(release) == "v1 : v2 = 3 : 0, all traffic to v1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"selector": {}}',
        '{"selector": 1, "replicas": {}}',
        '{"selector": {}, "replicas": {"v1": -1}}',
        '{"selector": {}, "replicas": {"v1": "3"}}',
        '{"selector": {}, "replicas": {"v1": true}}',
    ],
)
def test_an_invalid_annotation_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        release_from_json(text)
