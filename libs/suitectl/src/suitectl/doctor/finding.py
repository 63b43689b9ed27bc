"""One finding: a mark, what was found, and the command that is its remedy."""

from __future__ import annotations

from typing import NamedTuple

GOOD, ODD, MISSING = "✓", "!", "✗"


class Finding(NamedTuple):
    """What a check found; `MISSING` is what the suite cannot run without."""

    mark: str
    text: str
    remedy: str = ""


def good(text: str) -> Finding:
    """Return what is as it should be."""
    return Finding(GOOD, text)


def odd(text: str, remedy: str) -> Finding:
    """Return what some target needs, or what surprises later."""
    return Finding(ODD, text, remedy)


def missing(text: str, remedy: str) -> Finding:
    """Return what nothing runs without."""
    return Finding(MISSING, text, remedy)
