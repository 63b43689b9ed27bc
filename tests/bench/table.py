"""The printed table: figures, limits and ratios, with missed targets in red."""

import statistics
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from bench.row import Result, Row

WIDTH_OF_A_LOG = 130


def console() -> Console:
    """Return a console wide enough for the table in a log. It respects NO_COLOR."""
    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=WIDTH_OF_A_LOG)


def draw(out: Console, results: Sequence[Result], skipped: Sequence[tuple[Row, str]]) -> None:
    """Print all rows, and skipped ones with the reason."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column, justify in _COLUMNS:
        table.add_column(column, justify=justify)  # type: ignore[arg-type]  # rich's literal
    for result in results:
        table.add_row(*_cells(result), style="" if result.met else "bold red")
    for row, reason in skipped:
        table.add_row(row.title, "", row.limit_title, "", "skipped", reason, "", style="dim")
    out.print(table)


_COLUMNS = (
    ("WHAT", "left"),
    ("FIGURE", "right"),
    ("LIMIT OR PEER", "left"),
    ("FIGURE", "right"),
    ("MEASURED", "right"),
    ("SPREAD", "right"),
    ("TARGET", "right"),
)


def _cells(result: Result) -> tuple[str, ...]:
    row, values = result.row, result.values
    figure = statistics.median(sample.figure for sample in result.samples)
    limit = statistics.median(sample.limit for sample in result.samples)
    bound = "≤" if row.at_most else "≥"
    mark = "✓" if result.met else "✗"
    return (
        row.title,
        f"{_short(figure)} {row.unit}",
        row.limit_title,
        f"{_short(limit)} {row.unit}",
        f"{_short(result.value)} {mark}",
        f"{_short(min(values))}-{_short(max(values))}",
        f"{bound} {row.target:g}",
    )


def _short(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.2f}"
