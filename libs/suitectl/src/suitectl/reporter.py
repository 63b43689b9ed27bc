"""Reports of commands: the verbs they run, checks and tables."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from suitectl.command_lines import KUBECTL, LOCALKUBE, Command
from suitectl.effects import difference
from suitectl.errors import CheckFailedError
from suitectl.platform.http import Reply
from suitectl.terminal import console, table

_FONTS = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""The part of Rich's SVG that loads fonts from elsewhere."""


class Reporter:
    """Prints on standard output; `platform` is the name of the one that the commands are for.

    With `kubectl` a command for this machine is printed for a cluster too.
    """

    def __init__(
        self, platform: str = "localkube", out: Console | None = None, *, kubectl: bool = True
    ) -> None:
        self._platform, self._out = platform, out or console()
        self._kubectl = kubectl
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
        """Print one line of explanation."""
        self._print(Text(f"  {text}", style="italic dim"))

    def summary(self, text: str) -> None:
        """Print the result of a whole run."""
        self._print(Text(f"  {text}", style="bold green"))

    def good(self, text: str) -> None:
        """Print a success."""
        self._print(Text.assemble(("  ✓ ", "green"), text))

    def bad(self, text: str) -> None:
        """Print a failure."""
        self._print(Text.assemble(("  ✗ ", "bold red"), text))

    def command(self, command: Command) -> None:
        """Print a command as people type it for a cluster and, on localkube, for this machine."""
        if self._platform == "kubernetes":
            self._print(Text(f"  $ {command.line(KUBECTL)}", style="blue"))
        elif not self._kubectl:
            self._print(Text(f"  $ {command.line(LOCALKUBE)}", style="blue"))
        else:
            self._print(Text(f"  kubernetes $ {command.line(KUBECTL)}", style="dim"))
            self._print(Text(f"  here       $ {command.line(LOCALKUBE)}", style="blue"))

    def change(self, text: str, command: Command) -> None:
        """Print a change in words, or with `kubectl` as the command that makes it."""
        if self._kubectl:
            self.command(command)
        elif text:
            self.say(text)

    def changed(self, request: str, before: Reply, after: Reply) -> None:
        """Print what a request's response was, and what it is now."""
        self._print(Text(f"  {request}", style="bold"))
        was, now = difference(before, after)
        self._print(Text(f"    before  {was}"))
        self._print(Text(f"    after   {now}", style="bold"))

    def check(self, text: str, *, holds: bool, seen: object = "") -> None:
        """Print a check and what was seen; raise `CheckFailedError` unless it holds."""
        mark, style = ("✓", "green") if holds else ("✗", "bold red")
        figures = (f"  {seen}" if seen != "" else "", "bold")
        self._print(Text.assemble((f"  {mark} ", style), text, figures))
        self.checks += 1
        if not holds:
            raise CheckFailedError(f"{text} (seen: {seen})")

    def reached(self, text: str, *, seen: object = "") -> None:
        """Print what a wait has reached; a wait without success raises by itself."""
        self.check(text, holds=True, seen=seen)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Print a table; numbers are aligned right."""
        self._out.print(table(columns, rows))

    def picture(self, path: Path, title: str, *, identity: str | None = None) -> None:
        """Write what was printed since the last picture as an SVG that loads no other file.

        Its names inside are those of `identity`, by default unique.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn = self._out.export_svg(title=title, unique_id=identity)
        path.write_text(_FONTS.sub("", drawn), encoding="utf-8")

    def _print(self, text: Text) -> None:
        # A terminal wraps lines itself, so that they can be copied; a picture would cut them.
        self._out.print(text, soft_wrap=not self._out.record)
