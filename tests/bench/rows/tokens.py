"""check_token compared with the single Redis read that it needs."""

from collections.abc import Sequence
from pathlib import Path

from bench.row import Row, Sample
from bench.stack import SERVICE, Stack, basic
from bench.tools import redis_get, wrk

SCRIPT = Path(__file__).parents[1] / "check_token.lua"
DISTINCT_TOKENS = 64


def check_token(stack: Stack, tokens: Sequence[str]) -> float:
    """Return check_token calls per second over 64 connections."""
    return wrk(f"{stack.cas.url}/oauth/check_token", SCRIPT, basic(SERVICE), *tokens)


def _measure(stack: Stack, runs: int) -> list[Sample]:
    tokens = stack.tokens(DISTINCT_TOKENS)
    check_token(stack, tokens)
    return [Sample(check_token(stack, tokens), redis_get(stack.redis_port)) for _ in range(runs)]


ROWS = (
    Row(
        title="check_token, one worker, c = 64",
        limit_title="Redis GET, 50 connections",
        unit="/s",
        target=0.30,
        at_most=False,
        measure=_measure,
        needs=("wrk", "redis-benchmark"),
    ),
)
