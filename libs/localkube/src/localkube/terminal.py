"""How localkube speaks to people: results on standard output, all else on standard error."""

import os
import sys


def show(text: str) -> None:
    """Print a result on standard output."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def say(line: str, end: str = "\n") -> None:
    """Print a line of progress on standard error."""
    sys.stderr.write(f"{line}{end}")
    sys.stderr.flush()


def fail(line: str) -> None:
    """Print why a command failed, in one line."""
    text = f"localkube: {line}"
    colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    say(f"\033[31m{text}\033[0m" if colour else text)


class Progress:
    """One line that is rewritten on a terminal, and printed at each change elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._last = ""

    def show(self, line: str) -> None:
        """Show a line unless it already stands there."""
        if line != self._last:
            say(f"\r\033[K{line}", end="") if self._live else say(line)
        self._last = line

    def end(self) -> None:
        """Leave the last line as it is."""
        if self._live and self._last:
            say("")
