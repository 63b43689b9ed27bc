"""`make bench`: measures every row in alternation with its limit; prints medians and spread."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from rich.console import Console

from bench.row import Result, Row
from bench.rows import ROWS
from bench.stack import Stack
from bench.table import console, draw
from bench.tools import LoadError, missing


def main() -> int:
    """Measure and print. With --check, return 1 if a row is below its target."""
    options = _parse()
    out = console()
    rows = [row for row in ROWS if options.only in row.title]
    skipped = [(row, "; ".join(missing(row.needs))) for row in rows if missing(row.needs)]
    wanted = [row for row in rows if not missing(row.needs)]
    with _stack() as stack:
        results = [_measure(out, stack, row, options.runs) for row in wanted]
    draw(out, results, skipped)
    cores = f"{os.cpu_count()} cores, load generators included"
    out.print(f"medians of {options.runs} alternated runs on {cores}")
    return int(options.check and not all(result.met for result in results))


def _measure(out: Console, stack: Stack, row: Row, runs: int) -> Result:
    out.print(f"measuring: {row.title}", style="dim")
    return Result(row, row.measure(stack, runs))


@contextmanager
def _stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="suite-bench-") as directory, ExitStack() as processes:
        yield Stack(Path(directory), processes)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...")
    parser.add_argument("--check", action="store_true", help="exit 1 where a row is below target")
    parser.add_argument("--runs", type=int, default=5, help="alternated runs a row (default 5)")
    parser.add_argument("--only", default="", help="rows whose title contains this")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (LoadError, RuntimeError, TimeoutError) as error:
        sys.exit(f"bench: {error}")
