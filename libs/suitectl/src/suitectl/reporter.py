"""How commands report: commands before they run, checks, tables, shares, progress of a wait."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from suitectl.command_lines import Command
from suitectl.errors import CheckFailedError
from suitectl.terminal import bar, console, mark_of, progress, table

WIDTH_OF_A_BAR = 40


class Say(Protocol):
    """Shows what a wait is at."""

    def __call__(self, text: str, /) -> None:
        """Show it."""
        ...


@dataclass(frozen=True, slots=True)
class Share:
    """One version's part of the traffic, both figures from 0 to 1."""

    name: str
    expected: float
    measured: float


class Reporter:
    """Prints on standard output; waits show their progress on standard error.

    `platform` is the name of the one whose commands are shown first.
    """

    def __init__(self, platform: str = "localkube", out: Console | None = None) -> None:
        self._platform, self._out = platform, out or console()
        self.checks = 0

    def chapter(self, number: int, title: str) -> None:
        """Open a chapter."""
        self._out.print()
        self._out.rule(Text(f" {number}  {title} ", style="bold cyan"), align="left", style="cyan")

    def title(self, text: str) -> None:
        """Print a heading."""
        self._out.print()
        self._print(Text(text, style="bold cyan"))

    def say(self, text: str) -> None:
        """Print a plain line."""
        self._print(Text(f"  {text}"))

    def explain(self, text: str) -> None:
        """Print one line of why."""
        self._print(Text(f"  {text}", style="italic dim"))

    def summary(self, text: str) -> None:
        """Print what a whole run comes to."""
        self._print(Text(f"  {text}", style="bold green"))

    def good(self, text: str) -> None:
        """Print what holds."""
        self._print(Text.assemble(("  ✓ ", "green"), text))

    def bad(self, text: str) -> None:
        """Print what does not hold."""
        self._print(Text.assemble(("  ✗ ", "bold red"), text))

    def command(self, command: Command) -> None:
        """Print a command as typed beside a cluster and, beside localkube, the line for here."""
        if self._platform == "kubernetes":
            self._print(Text(f"  $ {command.on_kubernetes()}", style="blue"))
        else:
            self._print(Text(f"  kubernetes $ {command.on_kubernetes()}", style="dim"))
            self._print(Text(f"  here       $ {command.here()}", style="blue"))

    def check(self, text: str, *, holds: bool, seen: object = "") -> None:
        """Print a check and what was seen; raise `CheckFailedError` where it does not hold."""
        mark, style = ("✓", "green") if holds else ("✗", "bold red")
        figures = (f"  {seen}" if seen != "" else "", "bold")
        self._print(Text.assemble((f"  {mark} ", style), text, figures))
        self.checks += 1
        if not holds:
            raise CheckFailedError(f"{text} (seen: {seen})")

    def reached(self, text: str, *, seen: object = "") -> None:
        """Print what was waited for: had it not come, the wait would have raised before."""
        self.check(text, holds=True, seen=seen)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Draw a table; figures stand right."""
        self._out.print(table(columns, rows))

    def shares(self, heading: str, shares: Sequence[Share]) -> None:
        """Draw measured shares as bars, with a mark where each was expected to end."""
        self._print(Text(f"  {heading}"))
        for share in shares:
            figures = f" {share.measured:6.1%}  expected {share.expected:6.1%}"
            self._print(Text.assemble(f"    {share.name:<4}", _bar(share), figures))

    def picture(self, path: Path, title: str) -> None:
        """Write what was printed since the last picture as an SVG that loads nothing."""
        path.parent.mkdir(parents=True, exist_ok=True)
        plain = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
        self._out.save_svg(str(path), title=title, code_format=plain)

    @contextmanager
    def waiting(self, what: str) -> Iterator[Say]:
        """Show what a wait is at; the same twice is shown once."""
        with progress(what) as show:
            yield _Changes(show)

    def _print(self, text: Text) -> None:
        self._out.print(text, soft_wrap=True)


class _Changes:
    def __init__(self, show: Say) -> None:
        self._show, self._last = show, ""

    def __call__(self, text: str, /) -> None:
        if text != self._last:
            self._last = text
            self._show(text)


def _bar(share: Share) -> Text:
    drawn = Text(bar(share.measured, share.expected, WIDTH_OF_A_BAR), style="magenta")
    mark = mark_of(share.expected, WIDTH_OF_A_BAR)
    drawn.stylize("bold yellow", mark, mark + 1)
    return drawn
