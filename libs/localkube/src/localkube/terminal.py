"""Print results on standard output, and progress and errors on standard error."""

import os
import sys


def print_result(text: str) -> None:
    """Print a result on standard output."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def print_progress(line: str) -> None:
    """Print a line on standard error."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def discard_output() -> None:
    """Drop what is still buffered for standard output, whose reader has left."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def print_error(line: str) -> None:
    """Print why a command failed, in one line of standard error."""
    text = "localkube: " + "\\n".join(line.splitlines())
    colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    print_progress(f"\033[31m{text}\033[0m" if colour else text)
