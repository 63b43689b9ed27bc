"""Two runs become the table of docs/design/performance.md."""

import pytest

from bench.compare import CompareError
from bench.page import PAGE, written
from unit.bench.fabricated import result
from unit.bench.fabricated import written as document

TABLE = "| row | run 1 | run 2 | spread | target |\n| --- | --- | --- | --- | --- |\n"


def test_the_rows_of_two_runs_replace_those_of_the_page() -> None:
    first = document([result(1, 2, 3), result(0.5, title="missed", unit="MiB", as_ratio=False)])
    second = document([result(2, 2.5, 4), result(7, title="new", target=None)])
    once = written(f"# Page\n\n{TABLE}| old | 1 | 2 | 1-2 | none |\n\nText\n", first, second)
    page = written(once, first, second)
    where, _, table = page.partition(TABLE)
    assert where.startswith("# Page\n\nMeasured 20")
    assert where.count("Measured") == 1
    assert table.splitlines() == [
        "| figure, against peer | 2 | 2.5 | 1-4 | ≥ 1 |",
        "| missed, MiB | **0.5** | not measured | 0.5-0.5 | ≥ 1 |",
        "| new, against peer | not measured | 7 | 7-7 | none |",
        "",
        "Text",
    ]


def test_the_page_has_a_place_for_it() -> None:
    results = document([result(1)])
    assert "| figure, against peer | 1 | 1 | 1-1 | ≥ 1 |" in written(
        PAGE.read_text(), results, results
    )
    with pytest.raises(CompareError, match="no table"):
        written("# Another page\n", results, results)
