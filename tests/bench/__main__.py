"""`make bench`: measures every row in alternation with its limit or peer.

It prints medians and spread, and writes them as JSON and as a plot.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console

from bench import compare, plot, results
from bench.measuring import measure
from bench.row import Row
from bench.rows import ROWS
from bench.stack import Stack
from bench.table import console, draw
from bench.tools import FAILURES


def main(arguments: Sequence[str]) -> int:
    """Measure and print. Return 1 if a row failed, or as --check and --compare say."""
    options, out, began = parse(arguments), console(), time.monotonic()
    before = compare.read(options.compare) if options.compare else None
    with _stack() as stack:
        measured, skipped = measure(stack, wanted(options.only, long=options.long), options.runs)
        document = results.document(measured, skipped, stack.contests, options.runs)
    draw(out, measured, skipped)
    out.print(
        f"medians of {options.runs} alternated runs on {document['machine']['processors']} cores, "
        f"load generators included; {(time.monotonic() - began) / 60:.1f} minutes"
    )
    return report(out, options, document, before)


def report(
    out: Console,
    options: argparse.Namespace,
    document: compare.Document,
    before: compare.Document | None,
) -> int:
    """Write the results to files, compare them, and return the exit code."""
    results.write(options.json, document)
    plot.write(options.plot, document)
    files = f"as JSON: {os.path.relpath(options.json)}, as a plot: {os.path.relpath(options.plot)}"
    out.print(files)
    failed = any(one["failed"] for one in document["skipped"])
    missed = options.check and not all(row["met"] for row in document["rows"])
    fell = before is not None and _print(out, compare.compare(before, document))
    return int(failed or missed or fell)


def _print(out: Console, comparison: compare.Comparison) -> bool:
    """Print what fell, and return whether anything did."""
    for note in comparison.notes:
        out.print(note, style="dim")
    for line in comparison.fallen:
        out.print(f"fell: {line}", style="bold red")
    out.print(f"compared {comparison.compared} rows, {len(comparison.fallen)} fell")
    return bool(comparison.fallen)


def wanted(only: str, *, long: bool) -> Sequence[Row]:
    """Return the rows whose line contains a text, those of minutes only if asked for."""
    rows = [row for row in ROWS if long or not row.long]
    return [row for row in rows if only in f"{row.title}, against {row.limit_title}"]


@contextmanager
def _stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="suite-bench-") as directory, ExitStack() as processes:
        yield Stack(Path(directory), processes)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=...")
    parser.add_argument("--check", action="store_true", help="exit 1 where a row is below target")
    parser.add_argument("--runs", type=int, default=5, help="alternated runs a row (default 5)")
    parser.add_argument("--only", default="", help="rows whose line contains this")
    parser.add_argument("--long", action="store_true", help="with the rows that take minutes each")
    for name, suffix in (("json", "json"), ("plot", "svg")):
        parser.add_argument(
            f"--{name}",
            type=Path,
            default=results.ROOT / f".build/bench.{suffix}",
            metavar="FILE",
            help=f"where to write it (default .build/bench.{suffix})",
        )
    parser.add_argument(
        "--compare",
        type=Path,
        metavar="FILE",
        help="exit 1 where a row fell beyond the spread since this JSON was written",
    )
    options = parser.parse_args(arguments)
    if options.runs < 1:
        parser.error(f"--runs {options.runs}: at least 1")
    if not wanted(options.only, long=options.long):
        parser.error(f"--only {options.only!r}: no such row, or only one that needs --long")
    return options


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (*FAILURES, compare.CompareError) as error:
        sys.exit(f"bench: {error}")
