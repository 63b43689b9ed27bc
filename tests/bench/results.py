"""Results as JSON: what was measured, where, and with which versions."""

import json
import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.contest import Played
from bench.peers import oidc_provider, python
from bench.peers.folder import output
from bench.row import Result, Skipped, median_run
from localkube.redis_server import find

FORMAT = 1
ROOT = Path(__file__).parents[2]
_PACKAGES = ("fastapi", "httptools", "httpx", "pydantic", "redis", "uvicorn", "uvloop")


def document(
    results: Sequence[Result],
    skipped: Sequence[Skipped],
    contests: Mapping[tuple[str, int], Played],
    runs: int,
) -> dict[str, Any]:
    """Return everything that was measured, for `--json`, `--plot` and `--compare`."""
    return {
        "format": FORMAT,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": _revision(),
        "machine": machine(),
        "runs": runs,
        "rows": [_row(result) for result in results],
        "contests": _contests(contests),
        "skipped": [
            {"title": one.row.title, "reason": one.reason, "failed": one.failed} for one in skipped
        ],
    }


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write a document, and the folders it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def machine() -> dict[str, str | int]:
    """Return what ratios may depend on."""
    return {
        "processor": _processor(),
        "processors": len(_processors()),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
        "redis-server": _redis(),
        **python.versions(),
        **oidc_provider.versions(),
    }


def _contests(contests: Mapping[tuple[str, int], Played]) -> list[dict[str, Any]]:
    return [
        {"name": name, "connections": connections, "contestants": _contestants(played)}
        for (name, connections), played in contests.items()
    ]


def _contestants(played: Played) -> list[dict[str, Any]]:
    """Return the medians of each, the fastest first."""
    titles = (title for title in played.rounds[0] if title not in played.failures)
    medians = {title: median_run([one[title] for one in played.rounds]) for title in titles}
    ordered = sorted(medians.items(), key=lambda item: -item[1].rate)
    return [{"title": title, **asdict(run)} for title, run in ordered]


def _row(result: Result) -> dict[str, Any]:
    row = result.row
    return {
        "title": row.title,
        "against": row.limit_title,
        "unit": row.unit,
        "figure": result.figure,
        "limit": result.limit,
        "as_ratio": row.as_ratio,
        "at_most": row.at_most,
        "target": row.target,
        "value": result.value,
        "values": result.values,
        "p99_ms": result.p99_ms,
        "cpu_us": result.cpu_us,
        "met": result.met,
    }


def _processors() -> Sequence[int]:
    """Return those that this process and its children may run on."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return range(os.cpu_count() or 1)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _redis() -> str:
    found = re.search(r"v=(\S+)", output(str(find()), "--version"))
    return found[1] if found else "unknown"


def _revision() -> str:
    return output("git", "-C", str(ROOT), "describe", "--always", "--dirty")
