"""Terminal output: consoles, tables and bars. Progress is `localkube.progress`."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

WIDTH_OF_A_LOG = 130


def console(*, stderr: bool = False) -> Console:
    """Return a console that respects NO_COLOR; a log is WIDTH_OF_A_LOG columns wide."""
    made = Console(highlight=False, stderr=stderr)
    if not made.is_terminal:
        made.width = WIDTH_OF_A_LOG
    return made


def recorder(width: int = WIDTH_OF_A_LOG) -> Console:
    """Return a console that records its output, for pictures."""
    return Console(highlight=False, width=width, record=True, force_terminal=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Return a table; numbers are aligned right."""
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    listed = [list(row) for row in rows]
    for index, column in enumerate(columns):
        figures = all(isinstance(row[index], int | float) for row in listed)
        drawn.add_column(column, justify="right" if figures else "left", no_wrap=True)
    for row in listed:
        drawn.add_row(*(str(cell) for cell in row))
    return drawn


def bar(observed: float, expected: float, width: int) -> str:
    """Draw a share from 0 to 1, with a mark at the expected end."""
    filled = round(observed * width)
    cells = ["█" if cell < filled else "·" for cell in range(width)]
    cells[min(round(expected * width), width - 1)] = "│"
    return "".join(cells)
