"""Columns, ages and JSONPath as kubectl has them."""

import datetime as dt
from typing import Any

import pytest

from localkube.errors import UsageError
from localkube.verbs.argument_types import seconds
from localkube.verbs.columns import Columns
from localkube.verbs.jsonpath import find, text_of
from localkube.verbs.tables import age

POD: dict[str, Any] = {
    "metadata": {"labels": {"app.kubernetes.io/name": "web"}},
    "status": {
        "phase": "Running",
        "conditions": [
            {"type": "Ready", "status": "True"},
            {"type": "Initialized", "status": "False"},
        ],
        "restarts": 0,
        "ready": True,
    },
}


def test_later_rows_have_the_widths_of_earlier_ones() -> None:
    columns = Columns()

    assert columns.lines([{"NAME": "a-name", "AGE": "1s"}]) == ["NAME     AGE", "a-name   1s"]
    assert columns.lines([{"NAME": "b", "AGE": "2s"}]) == ["b        2s"]
    assert columns.lines([]) == []
    assert columns.lines([{"NAME": "longer-name", "AGE": "3s"}]) == ["longer-name   3s"]


@pytest.mark.parametrize(
    ("elapsed", "expected"),
    [
        (-5, "0s"),
        (119, "119s"),
        (120, "2m"),
        (200, "3m20s"),
        (600, "10m"),
        (3 * 3600, "3h"),
        (5 * 3600 + 600, "5h10m"),
        (47 * 3600, "47h"),
        (50 * 3600, "2d2h"),
        (9 * 86400 + 7200, "9d"),
    ],
)
def test_ages_are_kubectls(elapsed: float, expected: str) -> None:
    # A tenth more, so that the time that the test takes changes nothing.
    then = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=elapsed - (elapsed < 0))
    assert age(then.isoformat()) in {expected, age((then - dt.timedelta(seconds=1)).isoformat())}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("{.status.phase}", ["Running"]),
        (".status.phase", ["Running"]),
        ("status.phase", ["Running"]),
        ("{$.status.phase}", ["Running"]),
        ("{.status.conditions[0].type}", ["Ready"]),
        ("{.status.conditions[-1].type}", ["Initialized"]),
        ("{.status.conditions[*].status}", ["True", "False"]),
        ('{.status.conditions[?(@.type=="Ready")].status}', ["True"]),
        ("{.status.conditions[?(@.type == 'Initialized')].status}", ["False"]),
        (r"{.metadata.labels.app\.kubernetes\.io/name}", ["web"]),
        ("{.metadata.labels['app\\.kubernetes\\.io/name']}", ["web"]),
        ("{.status.nothing.more}", []),
        ("{.status.conditions[7]}", []),
    ],
)
def test_a_json_path_is_followed(expression: str, expected: list[str]) -> None:
    assert find(expression, POD) == expected


@pytest.mark.parametrize("expression", ["", "{}", "{.a[}", "{.a[?(@.b>1)]}", "{range .items[*]}"])
def test_a_path_that_cannot_be_read_is_one_line(expression: str) -> None:
    with pytest.raises(UsageError):
        find(expression, POD)


def test_values_are_texts() -> None:
    assert [text_of(value) for value in (0, True, None, " a ")] == ["0", "true", "null", "a"]
    with pytest.raises(UsageError, match="nested object or list"):
        text_of({})


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5", 5), ("1h30m", 5400), ("1.5s", 1.5), ("10ms", 0.01), ("-1", -1), ("0", 0), ("-1m", -60)],
)
def test_durations_are_those_of_go(text: str, expected: float) -> None:
    assert seconds(text) == pytest.approx(expected)
