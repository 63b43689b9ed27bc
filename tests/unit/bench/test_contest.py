"""Contestants are measured in turn, once, and only those that a wanted row compares."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import cast

import pytest

from bench.contest import Contestant, Load, pairing
from bench.measuring import measure
from bench.quantity import CPU, P99, RATE
from bench.row import Row, Run, Sample
from bench.stack import Stack
from bench.tools import LoadError

Calls = list[tuple[str, int]]


@contextmanager
def started(_: Stack, title: str, run: Run, calls: Calls) -> Iterator[Load]:
    calls.append((f"start {title}", 0))
    yield partial(loaded, title, run, calls)
    calls.append((f"end {title}", 0))


def loaded(title: str, run: Run, calls: Calls, connections: int) -> Run:
    calls.append((title, connections))
    if run.rate == 0:
        raise LoadError("Non-2xx")
    return run


class Fabricated:
    """Two contestants, one that fails, one that no row compares."""

    def __init__(self) -> None:
        self.calls: Calls = []
        self.a, self.b, self.c, self.broken = (
            Contestant(title, partial(started, title=title, run=run, calls=self.calls), needs=())
            for title, run in {
                "a": Run(300.0, 1.0, 10.0),
                "b": Run(100.0, 4.0, 40.0),
                "c": Run(1.0),
                "broken": Run(0.0),
            }.items()
        )

    def measured(self, rows: list[Row], runs: int = 2) -> dict[str, list[Sample]]:
        stack = cast("Stack", SimpleNamespace(contests={}, wanted=(), say=print))
        results, skipped = measure(stack, rows, runs)
        self.reasons = {one.row.title: one.reason for one in skipped if one.failed}
        return {f"{one.row.title} / {one.row.limit_title}": list(one.samples) for one in results}


@pytest.fixture
def fabricated() -> Fabricated:
    return Fabricated()


def test_all_rows_share_the_rounds_of_their_contest(fabricated: Fabricated) -> None:
    a, b = fabricated.a, fabricated.b
    quantities = (RATE, P99, CPU)
    rows = [pairing("x", a, b, 16, quantity, target=1) for quantity in quantities]
    samples = fabricated.measured(rows)
    assert [one.ratio for one in samples["a, c=16 / b"]] == [3.0, 3.0]
    assert [one.ratio for one in samples["a p99, c=16 / b"]] == [0.25, 0.25]
    assert [one.ratio for one in samples["a CPU, c=16 / b"]] == [0.25, 0.25]
    loads = [title for title, connections in fabricated.calls if connections]
    # Each warms up, then the order turns with each round.
    assert loads == ["a", "b", "a", "b", "b", "a"]


def test_only_what_wanted_rows_compare_is_started(fabricated: Fabricated) -> None:
    fabricated.measured([pairing("x", fabricated.a, fabricated.b, 64, RATE, target=1)])
    assert ("start a", 0) in fabricated.calls
    assert ("start c", 0) not in fabricated.calls


def test_contests_are_measured_for_each_number_of_connections(fabricated: Fabricated) -> None:
    a, b = fabricated.a, fabricated.b
    fabricated.measured([pairing("x", a, b, count, RATE, target=1) for count in (16, 64)], runs=1)
    assert [one for one in fabricated.calls if one[1]] == [
        *[("a", 16), ("b", 16)] * 2,
        *[("a", 64), ("b", 64)] * 2,
    ]
    # One contest has ended before the next one starts.
    assert fabricated.calls.index(("end a", 0)) < fabricated.calls.index(("a", 64))


def test_a_share_of_the_peer_is_the_limit(fabricated: Fabricated) -> None:
    row = pairing(
        "x", fabricated.a, fabricated.b, 16, RATE, target=1, share=0.5, limit_title="half"
    )
    (sample,) = fabricated.measured([row], runs=1)["a, c=16 / half"]
    assert (sample.limit, sample.ratio) == (50.0, 6.0)


def test_a_contestant_that_fails_takes_only_its_rows_along(fabricated: Fabricated) -> None:
    peers = (fabricated.b, fabricated.broken)
    rows = [pairing("x", fabricated.a, peer, 16, RATE, target=1) for peer in peers]
    assert list(fabricated.measured(rows)) == ["a, c=16 / b"]
    assert fabricated.reasons == {"a, c=16": "LoadError: broken: LoadError: Non-2xx"}


def test_a_figure_that_was_not_measured_fails_its_row(fabricated: Fabricated) -> None:
    assert fabricated.measured([pairing("x", fabricated.a, fabricated.c, 16, P99, target=1)]) == {}
    assert "a p99, c=16" in fabricated.reasons
