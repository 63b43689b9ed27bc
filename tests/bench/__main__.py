"""`make bench`: measures every row in alternation with its limit or peer.

It prints medians and spread, and writes them as JSON.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import results
from bench.needs import missing
from bench.row import Result, Row, Skipped
from bench.rows import ROWS
from bench.stack import Stack
from bench.table import console, draw
from bench.tools import FAILURES
from localkube.progress import step

JSON = results.ROOT / ".build/bench.json"


def main() -> int:
    """Measure and print. Return 1 if a row failed or, with --check, is below its target."""
    options, out, began = _parse(), console(), time.monotonic()
    measured, skipped = _measure([row for row in ROWS if options.only in row.title], options.runs)
    draw(out, measured, skipped)
    minutes = (time.monotonic() - began) / 60
    out.print(
        f"medians of {options.runs} alternated runs on {results.machine()['processors']} cores, "
        f"load generators included; {minutes:.1f} minutes"
    )
    results.write(options.json, results.document(measured, skipped, options.runs))
    out.print(f"as JSON: {os.path.relpath(options.json)}")
    failed = any(one.failed for one in skipped)
    return int(failed or (options.check and not all(result.met for result in measured)))


def _measure(rows: Sequence[Row], runs: int) -> tuple[list[Result], list[Skipped]]:
    skipped = [Skipped(row, "; ".join(missing(row.needs))) for row in rows if missing(row.needs)]
    wanted = [row for row in rows if not missing(row.needs)]
    measured = []
    with _stack() as stack:
        stack.wanted = wanted
        for number, row in enumerate(wanted, 1):
            text = f"{number} of {len(wanted)}: {row.title}, against {row.limit_title}"
            with step(text) as stack.say:
                try:
                    measured.append(Result(row, row.measure(stack, runs)))
                except FAILURES as error:
                    skipped.append(Skipped(row, f"{type(error).__name__}: {error}", failed=True))
    return measured, skipped


@contextmanager
def _stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="suite-bench-") as directory, ExitStack() as processes:
        yield Stack(Path(directory), processes)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...")
    parser.add_argument("--check", action="store_true", help="exit 1 where a row is below target")
    parser.add_argument("--runs", type=int, default=5, help="alternated runs a row (default 5)")
    parser.add_argument("--only", default="", help="rows whose title contains this")
    parser.add_argument(
        "--json", type=Path, default=JSON, help="where to write the results (.build/bench.json)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except FAILURES as error:
        sys.exit(f"bench: {error}")
