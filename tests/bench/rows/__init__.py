"""The rows of the table, one file per subject."""

from collections.abc import Sequence

from bench.row import Row
from bench.rows import clients, endpoints, localkube, memory, reload, start, tokens

ROWS: Sequence[Row] = (
    *tokens.ROWS,
    *endpoints.ROWS,
    *clients.ROWS,
    *start.ROWS,
    *memory.ROWS,
    *reload.ROWS,
    *localkube.ROWS,
)
