"""How localkube speaks to people: results on standard output, all else on standard error."""

import os
import sys


def show(text: str) -> None:
    """Print a result on standard output."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def say(line: str) -> None:
    """Print a line of progress on standard error."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def fail(line: str) -> None:
    """Print why a command failed, in one line."""
    text = "localkube: " + "\\n".join(line.splitlines())
    colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    say(f"\033[31m{text}\033[0m" if colour else text)
