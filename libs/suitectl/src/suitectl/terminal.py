"""How the commands look: tables, and progress that a log can bear."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.table import Table

WIDTH_OF_A_LOG = 130


def console(*, stderr: bool = False) -> Console:
    """Return a console that respects NO_COLOR, and gives logs a width of their own."""
    made = Console(highlight=False, stderr=stderr)
    return (
        made if made.is_terminal else Console(highlight=False, width=WIDTH_OF_A_LOG, stderr=stderr)
    )


def recorder() -> Console:
    """Return a console whose chapters can be written as pictures."""
    return Console(highlight=False, width=WIDTH_OF_A_LOG, record=True, force_terminal=True)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Draw a table; figures stand right."""
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    listed = [list(row) for row in rows]
    for index, column in enumerate(columns):
        figures = all(isinstance(row[index], int | float) for row in listed)
        drawn.add_column(column, justify="right" if figures else "left", no_wrap=True)
    for row in listed:
        drawn.add_row(*(str(cell) for cell in row))
    return drawn


def bar(observed: float, expected: float, width: int) -> str:
    """Draw a share from 0 to 1, with a mark where it was expected to end."""
    filled, mark = round(observed * width), mark_of(expected, width)
    cells = ["█" if cell < filled else "·" for cell in range(width)]
    cells[mark] = "│"
    return "".join(cells)


def mark_of(expected: float, width: int) -> int:
    """Return the cell of a bar that the expected share ends in."""
    return min(round(expected * width), width - 1)


@contextmanager
def progress(what: str) -> Iterator[Callable[[str], None]]:
    """Show what is going on: a spinner on a terminal, a line each in a log; on standard error."""
    out = console(stderr=True)
    if not out.is_terminal:
        yield lambda text: out.print(f"{text} …")
        return
    with out.status(what) as status:
        yield lambda text: status.update(f"{text} …")
