"""Issuing a token compared with checking one, on the same server."""

from pathlib import Path

from bench.row import Row, Sample
from bench.rows.tokens import DISTINCT_TOKENS, check_token
from bench.stack import SERVICE, Stack, basic
from bench.tools import wrk

SCRIPT = Path(__file__).parents[1] / "token.lua"


def _issue(stack: Stack) -> float:
    url, form = f"{stack.cas.url}/oauth/token", "grant_type=client_credentials"
    return wrk(url, SCRIPT, basic(SERVICE), form)


def _measure(stack: Stack, runs: int) -> list[Sample]:
    tokens = stack.tokens(DISTINCT_TOKENS)
    _issue(stack)
    return [Sample(_issue(stack), check_token(stack, tokens)) for _ in range(runs)]


ROWS = (
    Row(
        title="client_credentials, c = 64",
        limit_title="check_token, same server",
        unit="/s",
        target=0.30,
        at_most=False,
        measure=_measure,
        needs=("wrk",),
    ),
)
