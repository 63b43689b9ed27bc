"""check_token and the token endpoint, against other servers and against what they are made of."""

from collections.abc import Iterator, Sequence

from bench.contest import pairing
from bench.contestants import (
    CHECK_TOKEN,
    CHECK_TOKEN_PATH,
    CHECKS,
    CLIENT_CREDENTIALS,
    FEW_TOKENS,
    IN_ASGI,
    OIDC_PROVIDER,
    OIDC_PROVIDER_WITH_HINT,
    REDIS_GET,
    UVICORN,
)
from bench.quantity import CPU, P99, RATE
from bench.row import Row
from bench.stack import SERVICE, Stack, basic
from bench.tools import wrk

DISTINCT_TOKENS = FEW_TOKENS
CONTEST = "Tokens"
BEFORE = 0.61
"""check_token over uvicorn's constant, c = 64, when the target of issuing was set.

check_token has become faster since; its former speed follows from the constant of the same run.
"""


def check_token(stack: Stack, tokens: Sequence[str]) -> float:
    """Return check_token calls per second over 64 connections."""
    return wrk(f"{stack.cas.url}{CHECK_TOKEN_PATH}", CHECKS, basic(SERVICE), *tokens)


def _rows() -> Iterator[Row]:
    for peer, target in ((OIDC_PROVIDER, 5.0), (OIDC_PROVIDER_WITH_HINT, 4.0)):
        for connections in (16, 64):
            yield pairing(CONTEST, CHECK_TOKEN, peer, connections, RATE, target=target)
    for connections, most in ((16, 0.25), (64, 0.1)):
        yield pairing(CONTEST, CHECK_TOKEN, OIDC_PROVIDER, connections, P99, target=most)
        yield pairing(CONTEST, CHECK_TOKEN, OIDC_PROVIDER, connections, CPU, target=0.22)
    for connections, least in ((16, 0.95), (64, 1.15)):
        yield pairing(CONTEST, CHECK_TOKEN, UVICORN, connections, RATE, target=least)
    for connections, least in ((16, 3.4), (64, 2.9)):
        yield pairing(CONTEST, IN_ASGI, OIDC_PROVIDER, connections, RATE, target=least)
        yield pairing(CONTEST, IN_ASGI, UVICORN, connections, RATE, target=0.65)
    yield pairing(CONTEST, CHECK_TOKEN, REDIS_GET, 64, RATE, target=None)
    yield pairing(
        CONTEST,
        CLIENT_CREDENTIALS,
        UVICORN,
        64,
        RATE,
        target=0.5,
        share=BEFORE,
        limit_title=f"{BEFORE} of uvicorn, constant",
    )


ROWS = tuple(_rows())
