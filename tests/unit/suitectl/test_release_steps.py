"""The steps of a canary, as people type them."""

import pytest

from suitectl.errors import CommandFailedError
from suitectl.release.steps import steps_of


@pytest.mark.parametrize(
    ("text", "target", "steps"),
    [
        (None, (1, 4), [(1, 4)]),
        ("", (1, 4), [(1, 4)]),
        ("50", (5, 5), [(5, 5)]),
        ("10,25,50", (1, 4), [(4, 1), (2, 3), (1, 4)]),
        ("10%, 25%, 50%", (0, 10), [(9, 1), (7, 3), (5, 5), (0, 10)]),
        ("1", (0, 3), [(2, 1), (0, 3)]),
        ("4:1, 2:3", (1, 4), [(4, 1), (2, 3), (1, 4)]),
        ("3:0,3:1", (3, 3), [(3, 0), (3, 1), (3, 3)]),
    ],
)
def test_steps_are_whole_pods_and_end_at_the_target(
    text: str | None, target: tuple[int, int], steps: list[tuple[int, int]]
) -> None:
    assert steps_of(text, target) == steps


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("90", "ends at 80 %"),
        ("50,10", "go up"),
        ("10,10", "go up"),
        ("0", "use percentages"),
        ("-5", "use percentages"),
        ("101", "use percentages"),
        ("10,,50", "use percentages"),
        ("x", "use percentages"),
        ("10,4:1", "use percentages"),
        ("4:1:1", "such as 4:1"),
        ("0:0", "no replicas"),
        ("a:1", "whole number"),
        ("-1:2", "whole number"),
    ],
)
def test_invalid_steps_are_refused_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(CommandFailedError, match=reason) as refused:
        steps_of(text, (1, 4))
    assert "\n" not in str(refused.value)
