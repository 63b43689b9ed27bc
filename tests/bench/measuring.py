"""Measures rows one after the other; one that fails does not end the others."""

from collections.abc import Sequence

from bench.needs import missing
from bench.row import Result, Row, Skipped
from bench.stack import Stack
from bench.tools import FAILURES
from localkube.progress import step


def measure(
    stack: Stack, rows: Sequence[Row], runs: int
) -> tuple[Sequence[Result], Sequence[Skipped]]:
    """Return the results, and the rows without one: what is missing, or what failed."""
    skipped = [Skipped(row, "; ".join(missing(row.needs))) for row in rows if missing(row.needs)]
    measured, stack.wanted = [], [row for row in rows if not missing(row.needs)]
    for number, row in enumerate(stack.wanted, 1):
        text = f"{number} of {len(stack.wanted)}: {row.title}, against {row.limit_title}"
        with step(text) as stack.say:
            try:
                measured.append(Result(row, row.measure(stack, runs)))
            except FAILURES as error:
                skipped.append(Skipped(row, f"{type(error).__name__}: {error}", failed=True))
    return measured, skipped
