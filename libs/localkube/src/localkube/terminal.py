"""Print results on standard output, and progress and errors on standard error."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

_WIDTH = 80


def print_result(text: str) -> None:
    """Print a result on standard output."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def print_progress(line: str) -> None:
    """Print a line on standard error."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def print_not_applied(result: Mapping[str, Any]) -> None:
    """Print which fields have no effect here, and which objects are left out."""
    if result["without_effect"]:
        print_progress(_shortened("no effect here: ", result["without_effect"]))
    for one in result["left_out"]:
        print_progress(f"left out: {one}")


def _shortened(start: str, names: Sequence[str]) -> str:
    """Return as many names as a line has room for, and how many more there are."""
    for shown in range(len(names), 0, -1):
        more = f" and {len(names) - shown} more" if shown < len(names) else ""
        line = start + ", ".join(names[:shown]) + more
        if len(line) <= _WIDTH:
            return line
    return f"{start}{len(names)} names"


def discard_output() -> None:
    """Drop what is still buffered for standard output, whose reader has left."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def takes_colours(environ: Mapping[str, str]) -> bool:
    """Say whether a terminal wants colours: NO_COLOR counts unless empty (no-color.org)."""
    return not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def print_error(line: str) -> None:
    """Print why a command failed, in one line of standard error."""
    text = "localkube: " + "\\n".join(line.splitlines())
    colour = sys.stderr.isatty() and takes_colours(os.environ)
    print_progress(f"\033[31m{text}\033[0m" if colour else text)
