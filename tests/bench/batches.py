"""`python -m bench.batches`: what check_token costs by the callers that share a look-up in Redis.

Checks of one turn of the event loop share one MGET. So few callers, or half of them at each of two
replicas, make smaller batches. Redis counts these; the kernel accounts the CPU. Lowest of rounds in
turn.
"""

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from redis import Redis

from bench.contestants import CHECK_TOKEN_PATH, CHECKS, FEW_TOKENS
from bench.peers import python
from bench.row import Run
from bench.stack import SERVICE, Service, Stack, basic
from bench.tools import load

_ROUNDS, _CALLERS = 7, (8, 16, 32, 64)


class Figures(NamedTuple):
    """CPU of a check in µs, checks in one MGET, and checks a second."""

    cpu_us: float
    batch: float
    rate: float


class Load:
    """Loads servers, and counts their batches."""

    def __init__(self, stack: Stack) -> None:
        self._arguments = (basic(SERVICE), *stack.tokens(FEW_TOKENS))
        self._redis = Redis(port=stack.redis_port)

    def close(self) -> None:
        """Close the connection."""
        self._redis.close()

    def run(self, servers: Sequence[Service], path: str, connections: int) -> Figures:
        """Load all at once, with the same connections at each."""

        def one(server: Service) -> Run:
            url = f"{server.url}{path}"
            return load(url, CHECKS, *self._arguments, connections=connections, pid=server.pid)

        before = self._batches()
        with ThreadPoolExecutor(len(servers)) as threads:
            runs = list(threads.map(one, servers))
        batches, checks = self._batches() - before, sum(run.requests for run in runs)
        cpu = sum((run.cpu_us or 0) * run.requests for run in runs) / checks
        return Figures(cpu, checks / batches if batches else 1, sum(run.rate for run in runs))

    def _batches(self) -> int:
        return int(self._redis.info("commandstats").get("cmdstat_mget", {}).get("calls", 0))


def _cases(
    load: Load, one: Service, other: Service, constant: Service
) -> Mapping[str, Callable[[], Figures]]:
    def case(servers: Sequence[Service], path: str, connections: int) -> Callable[[], Figures]:
        return lambda: load.run(servers, path, connections)

    cases: dict[str, Callable[[], Figures]] = {}
    for callers in _CALLERS:
        cases[f"check_token, {callers} callers"] = case([one], CHECK_TOKEN_PATH, callers)
    cases["check_token, 64 callers of two replicas"] = case([one, other], CHECK_TOKEN_PATH, 32)
    for callers in _CALLERS:
        in_asgi = f"{CHECK_TOKEN_PATH}?"
        cases[f"check_token in ASGI, {callers} callers"] = case([one], in_asgi, callers)
    for callers in _CALLERS:
        cases[f"uvicorn, constant, {callers} callers"] = case([constant], CHECK_TOKEN_PATH, callers)
    return cases


def main() -> None:
    """Print the table as Markdown."""
    with tempfile.TemporaryDirectory(prefix="suite-bench-") as directory, ExitStack() as processes:
        stack = Stack(Path(directory), processes)
        constant = processes.enter_context(python.serving(stack, "constant"))
        load = Load(stack)
        processes.callback(load.close)
        cases = _cases(load, stack.cas, stack.replica(), constant)
        seen: dict[str, list[Figures]] = {name: [] for name in cases}
        for _ in range(_ROUNDS):
            for name, measure in cases.items():
                seen[name].append(measure())
    lines = [
        "| load | µs of a check | checks in a batch | checks a second |",
        "| --- | --- | --- | --- |",
    ]
    for name, figures in seen.items():
        cpu, batch, rate = min(figures)
        lines.append(f"| {name} | {cpu:.1f} | {batch:.1f} | {rate:,.0f} |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
