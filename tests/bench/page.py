"""`python -m bench.page RUN1 RUN2`: writes two runs of `make bench` into performance.md."""

import argparse
import re
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.compare import CompareError, Document, by_title, read
from bench.figures import label, short
from bench.results import ROOT

PAGE = ROOT / "docs/design/performance.md"
_WIDTH = 120
_HEAD = "| row | run 1 | run 2 | spread | target |\n| --- | --- | --- | --- | --- |\n"
_TABLE = re.compile(r"(?:Measured (?:.+\n)+\n)?" + re.escape(_HEAD) + r"(?:\|.*\n)*")


def table(first: Document, second: Document) -> str:
    """Return the rows of both runs as Markdown, and where they were measured."""
    old, new = by_title(first), by_title(second)
    names = [*old, *(name for name in new if name not in old)]
    lines = (_line([old.get(name), new.get(name)]) for name in names)
    return f"{_where(first, second)}\n\n{_HEAD}{''.join(lines)}"


def written(page: str, first: Document, second: Document) -> str:
    """Return the page with the rows in place of those that it has."""
    if not _TABLE.search(page):
        raise CompareError(f"{PAGE.name} has no table of figures")
    return _TABLE.sub(lambda _: table(first, second), page, count=1)


def _where(first: Document, second: Document) -> str:
    times = " and ".join(one["at"][:16].replace("T", " ") for one in (first, second))
    machine = second["machine"]
    where = f"{machine['processors']} cores of {machine['processor']}, Python {machine['python']}"
    text = f"Measured {times} UTC, {second['runs']} pairs each, on {where}:"
    return textwrap.fill(text, width=_WIDTH)


def _line(rows: Sequence[Mapping[str, Any] | None]) -> str:
    known = [row for row in rows if row is not None]
    values = [value for row in known for value in row["values"]]
    spread = f"{short(min(values))}-{short(max(values))}"
    cells = (label(known[0]), *map(_value, rows), spread, _target(known[0]))
    return f"| {' | '.join(cells)} |\n"


def _value(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "not measured"
    value = short(row["value"])
    return value if row["met"] else f"**{value}**"


def _target(row: Mapping[str, Any]) -> str:
    if row["target"] is None:
        return "none"
    return f"{'≤' if row['at_most'] else '≥'} {row['target']:g}"


def main(arguments: Sequence[str]) -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m bench.page")
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    options = parser.parse_args(arguments)
    PAGE.write_text(written(PAGE.read_text(), read(options.first), read(options.second)))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except CompareError as error:
        sys.exit(f"bench: {error}")
