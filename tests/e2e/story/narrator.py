"""How the story looks: headings, commands, tables, bars, and checks that can fail."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from story.commands import Command
from suitectl.show import WIDTH_OF_A_LOG, bar, console, mark_of, table

__all__ = ["Narrator", "Share", "StepFailedError", "console", "recorder"]

WIDTH_OF_A_BAR = 40


class StepFailedError(AssertionError):
    """A check of the story did not hold."""


@dataclass(frozen=True, slots=True)
class Share:
    """One version's part of the traffic, both figures from 0 to 1."""

    name: str
    expected: float
    measured: float


def recorder() -> Console:
    """Return a console whose chapters can be kept as pictures."""
    return Console(highlight=False, width=WIDTH_OF_A_LOG, record=True, force_terminal=True)


class Narrator:
    """Tell the story on a terminal, in a log, or to pytest."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self.checks = 0

    def chapter(self, number: int, title: str) -> None:
        """Open a chapter."""
        self._out.print()
        self._out.rule(Text(f" {number}  {title} ", style="bold cyan"), align="left", style="cyan")

    def title(self, text: str) -> None:
        """Print a line above all chapters."""
        self._out.print()
        self._out.print(Text(text, style="bold"))

    def good(self, text: str) -> None:
        """Print the line everybody hopes for."""
        self._out.print(Text(f"  {text}", style="bold green"))

    def say(self, text: str) -> None:
        """Print one plain line."""
        self._out.print(Text(f"  {text}"))

    def explain(self, text: str) -> None:
        """Print one line of why."""
        self._out.print(Text(f"  {text}", style="italic dim"))

    def command(self, command: Command) -> None:
        """Print a command as typed beside a cluster, and the line that works here."""
        self._out.print(
            Text(f"  kubernetes $ {command.on_kubernetes()}", style="dim"), soft_wrap=True
        )
        self._out.print(Text(f"  here       $ {command.here()}", style="blue"), soft_wrap=True)

    def check(self, text: str, *, holds: bool, seen: object = "") -> None:
        """Print a check and what was seen; raise `StepFailedError` where it does not hold."""
        mark, style = ("✓", "green") if holds else ("✗", "bold red")
        line = Text.assemble(
            ("  " + mark + " ", style), text, (f"  {seen}" if seen != "" else "", "bold")
        )
        self._out.print(line, soft_wrap=True)
        self.checks += 1
        if not holds:
            raise StepFailedError(f"{text} (seen: {seen})")

    def reached(self, text: str, *, seen: object = "") -> None:
        """Print what was waited for: had it not come, the wait would have raised before."""
        self.check(text, holds=True, seen=seen)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Draw a table; figures stand right."""
        self._out.print(table(columns, rows))

    def picture(self, path: Path, title: str) -> None:
        """Keep what was printed since the last picture as an SVG that loads nothing from afar."""
        path.parent.mkdir(parents=True, exist_ok=True)
        plain = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
        self._out.save_svg(str(path), title=title, code_format=plain)

    def shares(self, heading: str, shares: Sequence[Share]) -> None:
        """Draw measured shares as bars, with a mark where each was expected to end."""
        self._out.print(Text(f"  {heading}"))
        for share in shares:
            figures = f" {share.measured:6.1%}  expected {share.expected:6.1%}"
            self._out.print(Text.assemble(f"    {share.name:<4}", _bar(share), figures))


def _bar(share: Share) -> Text:
    drawn = Text(bar(share.measured, share.expected, WIDTH_OF_A_BAR), style="magenta")
    mark = mark_of(share.expected, WIDTH_OF_A_BAR)
    drawn.stylize("bold yellow", mark, mark + 1)
    return drawn
