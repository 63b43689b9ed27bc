"""The table of all scenarios with requirement and result, on screen and in a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.table import Table

from story.scenarios.scenario import Scenario

FILE = Path(__file__).parents[4] / ".build/e2e/scenarios.md"
COLUMNS = ("Scenario", "Must show", "Seen")


@dataclass(frozen=True, slots=True)
class Row:
    """The result of one scenario. `held` tells whether it met its requirement."""

    scenario: Scenario
    seen: str
    held: bool
    seconds: float

    @property
    def cells(self) -> tuple[str, str, str]:
        """Return the cells of `COLUMNS`."""
        verdict = "" if self.held else "**failed**: "
        return self.scenario.title, self.scenario.must, verdict + self.seen


def drawn(rows: Sequence[Row]) -> Table:
    """Build the table for a terminal. Long cells are wrapped."""
    table = Table(*COLUMNS, "Seconds", box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*row.cells, f"{row.seconds:.0f}")
    return table


def write(rows: Sequence[Row], file: Path = FILE) -> Path:
    """Write the table as Markdown for the documentation."""
    lines = [_line(COLUMNS), _line(["---"] * len(COLUMNS)), *(_line(row.cells) for row in rows)]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n")
    return file


def _line(cells: Sequence[str]) -> str:
    cleaned = [" ".join(cell.split()).replace("|", "\\|") for cell in cells]
    return f"| {' | '.join(cleaned)} |"
