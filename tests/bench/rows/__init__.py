"""The rows of the table, one file per subject."""

from collections.abc import Sequence

from bench.row import Row
from bench.rows import (
    clients,
    code_redemption,
    endpoints,
    live_tokens,
    localkube,
    many_identities,
    many_tokens,
    memory,
    memory_of_logins,
    reload,
    replicas,
    signed_tokens,
    start,
    token_command,
    tokens,
)

ROWS: Sequence[Row] = (
    *tokens.ROWS,
    *replicas.ROWS,
    *live_tokens.ROWS,
    *many_tokens.ROWS,
    *many_identities.ROWS,
    *endpoints.ROWS,
    *signed_tokens.ROWS,
    *code_redemption.ROWS,
    *clients.ROWS,
    *start.ROWS,
    *token_command.ROWS,
    *memory.ROWS,
    *memory_of_logins.ROWS,
    *reload.ROWS,
    *localkube.ROWS,
)
