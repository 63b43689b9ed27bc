"""What is made of samples: medians, the table, JSON."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from bench import compare
from bench.results import write
from bench.row import Result, Skipped
from bench.rows import ROWS
from bench.table import WIDTH_OF_A_LOG, draw
from unit.bench.fabricated import SAMPLES, result, row, written


def test_a_result_is_the_median_of_the_ratios() -> None:
    one = Result(row(), SAMPLES)
    assert (one.values, one.value) == ([2, 4, 3], 3)
    assert (one.figure, one.limit) == (4, 1)
    assert (one.p99_ms, one.cpu_us) == ((30.0, 60.0), (70.0, 140.0))


def test_a_fixed_limit_is_compared_with_the_figure_itself() -> None:
    assert Result(row(as_ratio=False), SAMPLES).values == [2, 4, 6]


@pytest.mark.parametrize(
    ("target", "at_most", "met"),
    [
        (3, False, True),
        (3.1, False, False),
        (3, True, True),
        (2.9, True, False),
        (None, True, True),
    ],
)
def test_a_target_is_met_at_its_bound(target: float | None, *, met: bool, at_most: bool) -> None:
    assert Result(row(target=target, at_most=at_most), SAMPLES).met is met


def test_the_table_shows_figures_marks_and_what_is_missing() -> None:
    skipped = [
        Skipped(row("without a peer"), "aiohttp is missing: make bench-peers"),
        Skipped(row("broken"), "LoadError: Non-2xx", failed=True),
    ]
    text = drawn([Result(row("slow", target=4), SAMPLES), result(2, 2, title="fast")], skipped)
    slow = next(line for line in text.splitlines() if "slow" in line)
    assert " ".join(slow.split()[1:]) == "peer 4 / 1 /s 3 ✗ 2-4 ≥ 4 30 / 60 70 / 140"
    assert "✓" in next(line for line in text.splitlines() if "fast" in line)
    assert "skipped: without a peer: aiohttp is missing: make bench-peers\n" in text
    assert "failed: broken: LoadError: Non-2xx\n" in text


def test_the_table_of_every_row_fits_a_log() -> None:
    results = [Result(each, SAMPLES) for each in ROWS]
    assert max(map(len, drawn(results, []).splitlines())) <= WIDTH_OF_A_LOG


def test_every_row_has_a_line_of_its_own() -> None:
    lines = [(one.title, one.limit_title) for one in ROWS]
    assert len(set(lines)) == len(lines)


def test_json_has_all_that_is_compared_later(tmp_path: Path) -> None:
    skipped = [Skipped(row("left out"), "wrk is missing: apt-get install wrk")]
    document = written([result(1, 2, 3)], skipped)
    path = tmp_path / "new folder/bench.json"
    write(path, document)
    assert compare.read(path) == json.loads(json.dumps(document))
    (one,) = document["rows"]
    assert (one["value"], one["values"], one["met"]) == (2, [1, 2, 3], True)
    assert document["skipped"][0]["reason"] == "wrk is missing: apt-get install wrk"
    assert {"processor", "python", "uvicorn", "redis-server"} <= document["machine"].keys()
    (contest,) = document["contests"]
    assert [run["title"] for run in contest["contestants"]] == ["<a> & b", "c"]


def drawn(results: list[Result], skipped: list[Skipped]) -> str:
    """Return the table as a log shows it."""
    stream = io.StringIO()
    draw(Console(file=stream, width=WIDTH_OF_A_LOG, highlight=False), results, skipped)
    return stream.getvalue()
