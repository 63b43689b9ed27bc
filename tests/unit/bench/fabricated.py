"""Results that nobody measured."""

from collections.abc import Sequence
from typing import Any

from bench.contest import Played
from bench.results import document
from bench.row import Result, Row, Run, Sample, Skipped

SAMPLES = (Sample(2, 1, Run(2, 30.0, 70.0), Run(1, 60.0, 140.0)), Sample(4, 1), Sample(6, 2))


def row(title: str = "figure", **changed: Any) -> Row:
    """Return a row that measures nothing."""
    columns: dict[str, Any] = {
        "title": title,
        "limit_title": "peer",
        "unit": "/s",
        "target": 1.0,
        "at_most": False,
        "measure": lambda _stack, _runs: SAMPLES,
        **changed,
    }
    return Row(**columns)


def result(*values: float, title: str = "figure", **changed: Any) -> Result:
    """Return a result with these ratios."""
    return Result(row(title, **changed), [Sample(value, 1.0) for value in values])


def written(results: Sequence[Result], skipped: Sequence[Skipped] = ()) -> dict[str, Any]:
    """Return the document of results, with one contest."""
    rounds = [{"<a> & b": Run(100.0, 1.0, 10.0), "c": Run(50.0)}]
    return document(results, skipped, {("A contest", 16): Played(rounds, {})}, runs=5)
