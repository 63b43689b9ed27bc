"""The printed table: figures, limits and ratios, with missed targets in red."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from bench.figures import short
from bench.row import Result, Row, Skipped

WIDTH_OF_A_LOG = 130


def console() -> Console:
    """Return a console wide enough for the table in a log. It respects NO_COLOR."""
    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=WIDTH_OF_A_LOG)


def draw(out: Console, results: Sequence[Result], skipped: Sequence[Skipped]) -> None:
    """Print all rows, then those that were skipped with the reason."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column, justify in _COLUMNS:
        table.add_column(column, justify=justify)  # type: ignore[arg-type]  # rich's literal
    for result in results:
        table.add_row(*_cells(result), style="" if result.met else "bold red")
    out.print(table)
    for one in skipped:
        style = "bold red" if one.failed else "dim"
        verb = "failed" if one.failed else "skipped"
        out.print(f"{verb}: {one.row.title}: {one.reason}", style=style)


_COLUMNS = (
    ("WHAT", "left"),
    ("AGAINST", "left"),
    ("FIGURES", "right"),
    ("RATIO", "right"),
    ("SPREAD", "right"),
    ("TARGET", "right"),
    ("P99 MS", "right"),
    ("CPU µS", "right"),
)


def _cells(result: Result) -> tuple[str, ...]:
    row, values = result.row, result.values
    return (
        row.title,
        row.limit_title,
        f"{_pair((result.figure, result.limit))} {row.unit}",
        f"{short(result.value)}{_mark(result)}",
        f"{short(min(values))}-{short(max(values))}",
        _target(row),
        _pair(result.p99_ms),
        _pair(result.cpu_us),
    )


def _mark(result: Result) -> str:
    if result.row.target is None:
        return ""
    return " ✓" if result.met else " ✗"


def _target(row: Row) -> str:
    if row.target is None:
        return "none"
    return f"{'≤' if row.at_most else '≥'} {row.target:g}"


def _pair(values: tuple[float | None, float | None]) -> str:
    """Return what is measured and what it is compared with; a dash where that is unknown."""
    if values == (None, None):
        return ""
    return " / ".join("-" if value is None else short(value) for value in values)
