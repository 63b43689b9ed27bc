"""The time to readiness of a service, compared with only importing its framework."""

import subprocess
import sys
import time

from bench.row import Row, Sample
from bench.stack import SERVICE, Stack


def _measure(stack: Stack, runs: int) -> list[Sample]:
    _sample(stack)
    return [_sample(stack) for _ in range(runs)]


def _sample(stack: Stack) -> Sample:
    with stack.running(SERVICE, {}) as service:
        started = service.start_s
    return Sample(started, _import_fastapi())


def _import_fastapi() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import fastapi"], check=True, timeout=60)
    return time.perf_counter() - began


ROWS = (
    Row(
        title=f"{SERVICE}, start to ready",
        limit_title="python -c 'import fastapi'",
        unit="s",
        target=1.4,
        at_most=True,
        measure=_measure,
    ),
)
