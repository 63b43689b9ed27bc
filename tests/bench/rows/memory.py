"""Resident memory of a replica: at rest, and what a million requests add."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial

from bench.accounting import resident_mib
from bench.contestants import CHECK_TOKEN_PATH, CHECKS, GETS, MANY_TOKENS
from bench.row import Row, Sample, bounded
from bench.stack import OPEN_PATH, SERVICE, Service, Stack, basic
from bench.tools import load
from suitectl.catalogue import on_chassis, token_service

TOKENS = token_service().name
LIMITS_MIB: Mapping[str, float] = {TOKENS: 70.0}
"""The service that issues tokens has a client of Redis and argon2 as well."""
LIMIT_MIB = 60.0
WARM, ALL = 100_000, 1_000_000
MOST_GROWTH = 1.03
SECONDS = 10


_PROTECTED = {"SECURITY__PATH__IGNORES": "/nothing-is-open"}


@contextmanager
def _started(stack: Stack, name: str) -> Iterator[Service]:
    """Start a process of its own: one that has served has warm caches and pools."""
    environment = stack.cas_environment() if name == TOKENS else _PROTECTED
    with stack.running(name, environment) as service:
        yield service


def _at_rest(stack: Stack, runs: int, name: str) -> Sequence[float]:
    return [_new(stack, name) for _ in range(runs)]


def _new(stack: Stack, name: str) -> float:
    with _started(stack, name) as service:
        return resident_mib(service.pid)


def _after_all(stack: Stack, _runs: int, name: str) -> Sequence[float]:
    return [_loaded(stack, name)[1]]


def _growth(stack: Stack, _runs: int, name: str) -> Sequence[Sample]:
    warm, after_all = _loaded(stack, name)
    return [Sample(after_all, warm)]


@cache
def _loaded(stack: Stack, name: str) -> tuple[float, float]:
    """Return the memory of one process after the first requests, and after all of them."""
    tokens = stack.tokens(MANY_TOKENS)
    with _started(stack, name) as service:
        requests = _load_until(WARM, 0, service, name, tokens)
        warm = resident_mib(service.pid)
        _load_until(ALL, requests, service, name, tokens)
        return warm, resident_mib(service.pid)


def _load_until(
    wanted: int, requests: int, service: Service, name: str, tokens: Sequence[str]
) -> int:
    """Send requests until there were as many as wanted; return how many there were."""
    while requests < wanted:
        if name == TOKENS:
            url, script = f"{service.url}{CHECK_TOKEN_PATH}", CHECKS
            run = load(url, script, basic(SERVICE), *tokens, seconds=SECONDS)
        else:
            run = load(f"{service.url}{OPEN_PATH}", GETS, *tokens, seconds=SECONDS)
        requests += run.requests
    return requests


def _limit(name: str) -> float:
    return LIMITS_MIB.get(name, LIMIT_MIB)


def _rows() -> Iterator[Row]:
    for name in on_chassis():
        yield bounded(
            f"{name}, resident memory at rest",
            _limit(name),
            "MiB",
            partial(_at_rest, name=name),
            needs=("CPU accounting",),
        )
        if name in (TOKENS, SERVICE):
            yield bounded(
                f"{name}, memory after a million requests",
                _limit(name),
                "MiB",
                partial(_after_all, name=name),
                needs=("CPU accounting", "wrk"),
                long=True,
            )
            yield Row(
                title=f"{name}, memory after a million requests",
                limit_title="after 100,000",
                unit="MiB",
                target=MOST_GROWTH,
                at_most=True,
                measure=partial(_growth, name=name),
                needs=("CPU accounting", "wrk"),
                long=True,
            )


ROWS = tuple(_rows())
