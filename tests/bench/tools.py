"""The load generators wrk and redis-benchmark, from the PATH."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

SECONDS = 2
INSTALL = {
    "wrk": "apt-get install wrk, or brew install wrk",
    "redis-benchmark": "apt-get install redis-tools, or brew install redis",
}


class LoadError(Exception):
    """A load run got error responses, so its figure is meaningless."""


def missing(programs: Sequence[str]) -> list[str]:
    """Return a line for each missing program, with how to install it."""
    return [f"{name} is missing: {INSTALL[name]}" for name in programs if not shutil.which(name)]


def wrk(url: str, script: Path, *arguments: str, connections: int = 64) -> float:
    """Return requests per second of one wrk run. Every response must be 2xx."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "-s", str(script), url]
    done = subprocess.run(
        [*command, "--", *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    for failure in ("Non-2xx", "Socket errors"):
        if failure in done.stdout:
            raise LoadError(next(line for line in done.stdout.splitlines() if failure in line))
    return _figure(r"Requests/sec:\s+([\d.]+)", done.stdout)


def redis_get(port: int) -> float:
    """Return Redis' own GETs per second over 50 connections: the limit of a token look-up."""
    command = ["redis-benchmark", "-p", str(port), "-t", "get", "-c", "50", "-n", "150000", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return _figure(r"GET: ([\d.]+) requests per second", done.stdout.replace("\r", "\n"))


def _figure(pattern: str, text: str) -> float:
    found = re.findall(pattern, text)
    if not found:
        raise LoadError(f"no figure in: {text[-200:]}")
    return float(found[-1])
