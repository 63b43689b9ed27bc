"""How a release command talks: each command before it runs, what was seen, progress of a wait."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from rich.text import Text

from suitectl.program import Program, kubectl_line
from suitectl.show import console, progress, table


class Say(Protocol):
    """Shows what a wait is at."""

    def __call__(self, text: str, /) -> None:
        """Show it."""
        ...


class Teller:
    """Prints on standard output; waits show their progress on standard error."""

    def __init__(self, program: Program) -> None:
        self._program, self._out = program, console()

    def command(self, *arguments: str) -> None:
        """Print the plain kubectl command and, beside localkube, the line that works here."""
        kubectl = kubectl_line(*arguments)
        if self._program.platform == "kubernetes":
            self._line(f"$ {kubectl}", "blue")
        else:
            self._line(f"kubernetes $ {kubectl}", "dim")
            self._line(f"here       $ {self._program.line(*arguments)}", "blue")

    def say(self, text: str) -> None:
        """Print a plain line."""
        self._line(text, "")

    def title(self, text: str) -> None:
        """Print a heading."""
        self._out.print()
        self._out.print(Text(text, style="bold cyan"), soft_wrap=True)

    def good(self, text: str) -> None:
        """Print what holds."""
        self._out.print(Text.assemble(("  ✓ ", "green"), text), soft_wrap=True)

    def bad(self, text: str) -> None:
        """Print what does not hold."""
        self._out.print(Text.assemble(("  ✗ ", "bold red"), text), soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Draw a table."""
        self._out.print(table(columns, rows))

    @contextmanager
    def waiting(self, what: str) -> Iterator[Say]:
        """Show what a wait is at; the same twice is shown once."""
        with progress(what) as show:
            yield _Changes(show)

    def _line(self, text: str, style: str) -> None:
        self._out.print(Text(f"  {text}", style=style), soft_wrap=True)


class _Changes:
    def __init__(self, show: Say) -> None:
        self._show, self._last = show, ""

    def __call__(self, text: str, /) -> None:
        if text != self._last:
            self._last = text
            self._show(text)
