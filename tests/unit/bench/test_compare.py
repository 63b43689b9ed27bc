"""`--compare` finds falls beyond the spread, and nothing else."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from bench import compare
from bench.__main__ import parse, report
from bench.row import Result
from unit.bench.fabricated import result, written


def fallen(before: Result, now: Result) -> bool:
    """Return whether a row counts as fallen."""
    comparison = compare.compare(written([before]), written([now]))
    assert comparison.compared == 1
    return bool(comparison.fallen)


@pytest.mark.parametrize(
    ("before", "now", "fell"),
    [
        ((1.0, 1.1, 1.2), (0.7, 0.8, 0.9), True),
        ((1.0, 1.1, 1.2), (0.7, 0.8, 1.0), False),  # the spreads touch
        ((1.0, 1.1, 1.2), (0.7, 0.8, 1.3), False),
        ((1.0, 1.1, 1.2), (1.3, 1.4, 1.5), False),  # a rise
        ((1.0,), (0.98,), False),  # apart, and within the noise
        ((1.0,), (0.96,), True),
    ],
)
def test_a_fall_is_beyond_both_spreads_and_the_noise(
    before: tuple[float, ...], now: tuple[float, ...], *, fell: bool
) -> None:
    assert fallen(result(*before), result(*now)) is fell
    # What must be small falls by growing.
    grown = [result(*(1 / value for value in values), at_most=True) for values in (before, now)]
    assert fallen(*grown) is fell


def test_a_fall_is_told_with_both_spreads() -> None:
    (line,) = compare.compare(written([result(2, 3, 4)]), written([result(1, 1, 1.5)])).fallen
    assert line == "figure, against peer: was 3 (2-4), now 1 (1-1.5)"


def test_what_cannot_be_compared_is_told() -> None:
    before, now = written([result(1, title="old")]), written([result(1, title="new")])
    before["machine"]["python"] = "3.0"
    comparison = compare.compare(before, now)
    assert comparison.compared == 0
    assert "not measured now: 1 rows of the file" in comparison.notes
    assert "not in the file: new, against peer" in comparison.notes
    assert any(note.startswith("differs: python was 3.0, is ") for note in comparison.notes)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rows": [{}]}', '{"rows": 1}'])
def test_a_file_without_results_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bench.json"
    path.write_text(text)
    with pytest.raises(compare.CompareError, match=r"bench.json has no results"):
        compare.read(path)
    with pytest.raises(compare.CompareError):
        compare.read(tmp_path / "missing.json")


@pytest.mark.parametrize(
    ("flags", "ratio", "before", "code"),
    [
        ((), 0.5, None, 0),
        (("--check",), 0.5, None, 1),
        (("--check",), 1.5, None, 0),
        ((), 0.5, 0.5, 0),
        ((), 0.5, 1.0, 1),
    ],
)
def test_the_exit_code_says_whether_a_target_or_a_comparison_failed(
    tmp_path: Path, flags: tuple[str, ...], ratio: float, before: float | None, code: int
) -> None:
    files = ("--json", str(tmp_path / "bench.json"), "--plot", str(tmp_path / "bench.svg"))
    earlier = None if before is None else written([result(before, before)])
    out = Console(quiet=True)
    assert report(out, parse([*flags, *files]), written([result(ratio, ratio)]), earlier) == code
    assert json.loads((tmp_path / "bench.json").read_text())["rows"][0]["value"] == ratio
    assert (tmp_path / "bench.svg").read_text().startswith("<svg")


@pytest.mark.parametrize("flags", [("--runs", "0"), ("--only", "no such row")])
def test_options_without_a_meaning_are_refused(flags: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parse(flags)
