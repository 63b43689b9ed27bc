"""Load generators' output is read as it is printed; what is missing is named with its remedy."""

import json
import os
import re
from pathlib import Path

import pytest

from bench import needs
from bench.accounting import cpu_seconds
from bench.peers import oidc_provider, python
from bench.row import Run
from bench.rows import ROWS
from bench.tools import LoadError, load, redis_load, wrk

WRK = """Running 2s test @ http://127.0.0.1:2000
  Latency Distribution
     50%  540.00us
     99%    1.50ms
  57563 requests in 2.00s, 20.37MB read
Requests/sec:  28712.34
"""
_COLUMNS = ("avg", "min", "p50", "p95", "p99", "max")
REDIS = f"""\
"test","rps",{",".join(f'"{name}_latency_ms"' for name in _COLUMNS)}
"GET","161290.33","0.2","0.1","0.2","0.3","0.431","1.2"
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")
    return tmp_path


def printing(programs: Path, name: str, text: str) -> None:
    """Make a program that prints a text."""
    program = programs / name
    (programs / f"{name}.txt").write_text(text)
    program.write_text(f"#!/bin/sh\ncat {program}.txt\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("latency", "ms"), [("1.50ms", 1.5), ("431.00us", 0.431), ("2.5s", 2500.0), ("1.1m", 66000.0)]
)
def test_a_run_of_wrk_is_read(programs: Path, latency: str, ms: float) -> None:
    printing(programs, "wrk", WRK.replace("1.50ms", latency))
    run = load("http://127.0.0.1:2000", Path("script.lua"))
    assert (run.rate, run.cpu_us) == (28712.34, None)
    assert run.p99_ms == pytest.approx(ms)
    assert wrk("http://127.0.0.1:2000", Path("script.lua")) == 28712.34


def test_cpu_is_that_of_the_server_over_its_requests(programs: Path) -> None:
    printing(programs, "wrk", WRK)
    run = load("http://127.0.0.1:2000", Path("script.lua"), pid=os.getpid())
    assert run.cpu_us is not None
    assert run.cpu_us >= 0


@pytest.mark.parametrize(
    "text",
    [f"{WRK}  Non-2xx or 3xx responses: 7\n", f"{WRK}  Socket errors: timeout 1\n", "", "99% 1ms"],
)
def test_a_run_with_errors_or_without_figures_has_no_result(programs: Path, text: str) -> None:
    printing(programs, "wrk", text)
    with pytest.raises(LoadError):
        wrk("http://127.0.0.1:2000", Path("script.lua"))


def test_a_run_of_redis_benchmark_is_read(programs: Path) -> None:
    printing(programs, "redis-benchmark", REDIS)
    assert redis_load(6379, connections=50) == Run(161290.33, 0.431, None, 150_000)
    printing(programs, "redis-benchmark", "Could not connect\n")
    with pytest.raises(LoadError, match="Could not connect"):
        redis_load(6379, connections=50)


def test_cpu_includes_what_a_process_has_used_so_far() -> None:
    used = sum(os.times()[:2])
    now = cpu_seconds(os.getpid())
    assert now is not None
    assert used - 0.02 <= now <= sum(os.times()[:2]) + 0.02  # os.times() counts in ticks
    assert cpu_seconds(None) is None
    assert cpu_seconds(2**22 + 1) is None  # above the highest pid


def test_what_is_missing_is_named_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(oidc_provider, "FOLDER", tmp_path)
    monkeypatch.setattr(python, "PACKAGES", tmp_path)
    assert needs.missing(("wrk", "node-oidc-provider", "aiohttp", "CPU accounting")) == [
        "wrk is missing: apt-get install wrk, or brew install wrk",
        "node-oidc-provider is missing: make bench-peers, with Node.js 20 or later",
        "aiohttp is missing: make bench-peers",
    ]


def test_every_row_needs_what_is_known() -> None:
    assert {name for row in ROWS for name in row.needs} <= needs.NEEDS.keys()


def test_peers_are_locked_by_hash_and_without_addresses() -> None:
    pins = python.REQUIREMENTS.read_text()
    assert "://" not in pins
    assert len(re.findall(r"^\S+==", pins, re.MULTILINE)) <= pins.count("--hash=sha256:")
    lock = json.loads((oidc_provider.SOURCES / "package-lock.json").read_text())
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert {name for name, one in packages.items() if "integrity" not in one} == set()
    assert {name for name, one in packages.items() if "resolved" in one} == set()
    wanted = json.loads((oidc_provider.SOURCES / "package.json").read_text())["dependencies"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
