"""The rows of the table, one file per subject."""

from collections.abc import Sequence

from bench.row import Row
from bench.rows import issuing, memory, protection, reload, start, tokens

ROWS: Sequence[Row] = (
    *tokens.ROWS,
    *issuing.ROWS,
    *protection.ROWS,
    *start.ROWS,
    *memory.ROWS,
    *reload.ROWS,
)
