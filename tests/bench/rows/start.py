"""The time to readiness of a service, compared with only importing its framework."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from bench.row import Row, Sample
from bench.rows.memory_of_logins import signing
from bench.stack import SERVICE, Service, Stack

Starts = Callable[[Stack], AbstractContextManager[Service]]


def _row(title: str, target: float, running: Starts) -> Row:
    def measure(stack: Stack, runs: int) -> list[Sample]:
        _sample(stack, running)
        return [_sample(stack, running) for _ in range(runs)]

    return Row(
        title=f"{title}, start to ready",
        limit_title="python -c 'import fastapi'",
        unit="s",
        target=target,
        at_most=True,
        measure=measure,
    )


def _sample(stack: Stack, running: Starts) -> Sample:
    with running(stack) as service:
        started = service.start_s
    return Sample(started, _import_fastapi())


def _import_fastapi() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import fastapi"], check=True, timeout=60)
    return time.perf_counter() - began


ROWS = (
    _row(SERVICE, 1.4, lambda stack: stack.running(SERVICE, {})),
    _row("cas-server", 1.6, lambda stack: stack.running("cas-server", stack.cas_environment())),
    _row("cas-server with signing keys", 1.6, signing),
)
