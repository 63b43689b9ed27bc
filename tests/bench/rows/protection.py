"""The cost of protecting an endpoint, with cached checks and with one call per check."""

from collections.abc import Sequence
from pathlib import Path

from bench.row import Row, Sample
from bench.stack import OPEN_PATH, SERVICE, Stack
from bench.tools import wrk

SCRIPT = Path(__file__).parents[1] / "bearer.lua"
DISTINCT_TOKENS = 256
"""More tokens than connections, so that concurrent checks rarely share a token."""
OPEN = {"SECURITY__PATH__IGNORES": "/**"}
PROTECTED = {"SECURITY__PATH__IGNORES": "/nothing-is-open"}


def _measure(stack: Stack, runs: int, cache_ttl: str) -> list[Sample]:
    ttl = {"SECURITY__OAUTH2__RESOURCE__CACHE_TTL": cache_ttl}
    tokens = stack.tokens(DISTINCT_TOKENS)
    with (
        stack.running(SERVICE, OPEN) as plain,
        stack.running(SERVICE, PROTECTED | ttl) as protected,
    ):
        urls = (f"{protected.url}{OPEN_PATH}", f"{plain.url}{OPEN_PATH}")
        for url in urls:
            wrk(url, SCRIPT, *tokens)
        return [Sample(*_pair(urls, tokens)) for _ in range(runs)]


def _pair(urls: tuple[str, str], tokens: Sequence[str]) -> tuple[float, float]:
    return wrk(urls[0], SCRIPT, *tokens), wrk(urls[1], SCRIPT, *tokens)


def _row(title: str, target: float, cache_ttl: str) -> Row:
    return Row(
        title=title,
        limit_title="the same endpoint unprotected",
        unit="/s",
        target=target,
        at_most=False,
        measure=lambda stack, runs: _measure(stack, runs, cache_ttl),
        needs=("wrk",),
    )


ROWS = (
    _row("protected endpoint, tokens cached", 0.90, "60s"),
    _row("protected endpoint, cache off", 0.50, "0"),
)
