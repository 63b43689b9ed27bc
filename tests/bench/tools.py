"""The load generators wrk and redis-benchmark, from the PATH."""

import csv
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from bench.accounting import cpu_seconds
from bench.row import Run

SECONDS = 2
_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


class LoadError(Exception):
    """A load run got error responses, so its figure is meaningless."""


FAILURES = (LoadError, RuntimeError, OSError, subprocess.SubprocessError)
"""What a measurement may fail with; the others go on."""


def wrk(url: str, script: Path, *arguments: str, connections: int = 64) -> float:
    """Return requests per second of one wrk run. Every response must be 2xx."""
    return load(url, script, *arguments, connections=connections).rate


def load(
    url: str,
    script: Path,
    *arguments: str,
    connections: int = 64,
    pid: int | None = None,
    seconds: int = SECONDS,
) -> Run:
    """Load a server with wrk; `pid` is the process whose CPU is accounted.

    Every response must be 2xx.
    """
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout=10s"]
    command += ["--latency", "-s", str(script)]
    text, cpu = _accounted(pid, lambda: _output([*command, url, "--", *arguments]))
    for failure in ("Non-2xx", "Socket errors"):
        if failure in text:
            raise LoadError(next(line for line in text.splitlines() if failure in line))
    number, unit = _found(r"99%\s+([\d.]+)(us|ms|s|m)\b", text)
    (requests,), (rate,) = (
        _found(r"(\d+) requests in", text),
        _found(r"Requests/sec:\s+(\S+)", text),
    )
    count = int(requests)
    return Run(float(rate), float(number) * _MS[unit], _each(cpu, count), count)


def redis_get(port: int) -> float:
    """Return Redis' own GETs per second over 50 connections: the limit of a token look-up."""
    return redis_load(port, connections=50).rate


def redis_load(port: int, *, connections: int, pid: int | None = None) -> Run:
    """Load Redis with GETs; `pid` is the process whose CPU is accounted."""
    requests = 150_000
    command = ["redis-benchmark", "-p", str(port), "-t", "get", "--csv"]
    command += ["-c", str(connections), "-n", str(requests)]
    text, cpu = _accounted(pid, lambda: _output(command))
    lines = [line for line in text.splitlines() if line.startswith('"')]
    try:
        head, line = csv.reader(lines)
        found = dict(zip(head, line, strict=True))
        return Run(
            float(found["rps"]), float(found["p99_latency_ms"]), _each(cpu, requests), requests
        )
    except (ValueError, KeyError):
        raise LoadError(f"no figure in: {text[-200:]}") from None


def _accounted(pid: int | None, run: Callable[[], str]) -> tuple[str, float | None]:
    """Return what was printed, and the CPU seconds that the process took meanwhile."""
    before = cpu_seconds(pid)
    text = run()
    after = cpu_seconds(pid)
    return text, None if before is None or after is None else after - before


def _each(seconds: float | None, requests: int) -> float | None:
    return None if seconds is None else seconds / requests * 1_000_000


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def _found(pattern: str, text: str) -> tuple[str, ...]:
    found = re.search(pattern, text)
    if found is None:
        raise LoadError(f"no figure in: {text[-200:]}")
    return found.groups()
