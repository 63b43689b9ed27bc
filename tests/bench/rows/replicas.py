"""check_token's CPU with two replicas on one Redis, against one replica."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from bench.contestants import CHECK_TOKEN_PATH, CHECKS, FEW_TOKENS
from bench.row import Row, Run, Sample
from bench.stack import SERVICE, Service, Stack, basic
from bench.tools import LoadError, load

_CONNECTIONS = 64


def _measure(stack: Stack, runs: int) -> list[Sample]:
    tokens = stack.tokens(FEW_TOKENS)
    with stack.running("cas-server", stack.cas_environment()) as second:
        _loaded((stack.cas, second), tokens)
        samples = []
        for _ in range(runs):
            two, one = _loaded((stack.cas, second), tokens), _loaded((stack.cas,), tokens)
            samples.append(Sample(_cpu_us(two), _cpu_us(one)))
        return samples


def _loaded(replicas: Sequence[Service], tokens: Sequence[str]) -> list[Run]:
    """Load all at once, with the same connections in all."""
    each = _CONNECTIONS // len(replicas)

    def run(replica: Service) -> Run:
        arguments = (basic(SERVICE), *tokens)
        url = f"{replica.url}{CHECK_TOKEN_PATH}"
        return load(url, CHECKS, *arguments, connections=each, pid=replica.pid)

    with ThreadPoolExecutor(len(replicas)) as threads:
        return list(threads.map(run, replicas))


def _cpu_us(runs: Sequence[Run]) -> float:
    """Return the µs of each request, of all replicas."""
    if any(run.cpu_us is None for run in runs):
        raise LoadError("this system does not account the CPU of another process")
    return sum((run.cpu_us or 0) * run.rate for run in runs) / sum(run.rate for run in runs)


ROWS = (
    Row(
        title="check_token CPU, two replicas",
        limit_title="one replica",
        unit="µs",
        target=1.1,
        at_most=True,
        measure=_measure,
        needs=("wrk",),
    ),
)
