"""Edits of YAML as text, so that comments and order stay: a block is a line and all below it."""

import re
from collections.abc import Iterator, Sequence


def without(text: str, head: str) -> str:
    """Return a text without the blocks whose first line matches, and the comments above them."""
    lines, pattern = text.splitlines(keepends=True), re.compile(head)
    while (at := next(_matching(lines, pattern), None)) is not None:
        start = at
        while start and lines[start - 1].startswith(" " * indent(lines[at]) + "# "):
            start -= 1
        del lines[start : end_of(lines, at)]
    return "".join(lines)


def with_after(text: str, head: str, block: str) -> str:
    """Return a text with a block after the last one whose first line matches a pattern.

    Raises `ValueError` where none does.
    """
    lines, pattern = text.splitlines(keepends=True), re.compile(head)
    found = list(_matching(lines, pattern))
    if not found:
        raise ValueError(f"no line matches {head}")
    lines.insert(end_of(lines, found[-1]), block)
    return "".join(lines)


def heads(text: str, head: str) -> Sequence[re.Match[str]]:
    """Return the matches of a pattern that has to match from the start of a line."""
    pattern = re.compile(head)
    return [found for line in text.splitlines() if (found := pattern.match(line))]


def end_of(lines: Sequence[str], start: int) -> int:
    """Return the line after a block. A comment belongs to what follows it."""
    depth, end = indent(lines[start]), start + 1
    for at in range(start + 1, len(lines)):
        if not lines[at].strip():
            break
        if indent(lines[at]) <= depth:
            break
        if not lines[at].lstrip().startswith("#"):
            end = at + 1
    return end


def indent(line: str) -> int:
    """Return the number of spaces before a line."""
    return len(line) - len(line.lstrip(" "))


def _matching(lines: Sequence[str], pattern: re.Pattern[str]) -> Iterator[int]:
    return (at for at, line in enumerate(lines) if pattern.match(line))
