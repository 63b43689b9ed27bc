"""`make guesses`: thousands of failed logins, and their effect on legitimate callers."""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.stack import Service, Stack
from load.attack import ADDRESSES, NAMES
from load.legitimate import Latencies, Legitimate

LOGIN_P99_MS, CHECK_P99_MS = 2000.0, 50.0


def main() -> int:
    """Measure, print, and return 1 if a legitimate caller missed a target."""
    options = _parse()
    with tempfile.TemporaryDirectory(prefix="suite-load-") as directory, ExitStack() as processes:
        replicas = _replicas(Stack(Path(directory), processes), options.replicas)
        urls = [replica.url for replica in replicas]
        for title, rate in (("idle", 0.0), ("under attack", options.guesses / options.seconds)):
            before = _loop_seconds(replicas)
            legitimate, attack = asyncio.run(
                _measure(urls, rate, options.seconds if rate else 10.0)
            )
            _print(title, legitimate, attack, _loop_seconds(replicas) - before)
    return int(options.check and not _holds(legitimate))


def _replicas(stack: Stack, count: int) -> list[Service]:
    redis = {
        "SPRING__DATA__REDIS__HOST": "127.0.0.1",
        "SPRING__DATA__REDIS__PORT": str(stack.redis_port),
    }
    more = [stack.service("cas-server", **redis) for _ in range(count - 1)]
    return [stack.cas, *more]


def _loop_seconds(replicas: Sequence[Service]) -> float:
    """Return the processor time of the event loops: of the main threads, which compare no hash."""
    stats = (Path(f"/proc/{one.pid}/task/{one.pid}/stat").read_text() for one in replicas)
    ticks = (map(int, stat.rpartition(")")[2].split()[11:13]) for stat in stats)
    return sum(map(sum, ticks)) / os.sysconf("SC_CLK_TCK")


async def _measure(
    urls: Sequence[str], rate: float, seconds: float
) -> tuple[Legitimate, dict[str, Any]]:
    legitimate, stop = Legitimate(), asyncio.Event()
    callers = asyncio.create_task(legitimate.run(urls, await legitimate.prepare(urls), stop))
    attack: dict[str, Any] = {}
    if rate:
        attack = await _attack(urls, rate, seconds)
    else:
        await asyncio.sleep(seconds)
    stop.set()
    await callers
    return legitimate, attack


async def _attack(urls: Sequence[str], rate: float, seconds: float) -> dict[str, Any]:
    command = (sys.executable, "-m", "load.attack", str(rate), str(seconds), *urls)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(3 * seconds + 60):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return dict(json.loads(output))


def _holds(legitimate: Legitimate) -> bool:
    return (
        not legitimate.logins.failures
        and not legitimate.checks.failures
        and legitimate.logins.percentile(0.99) <= LOGIN_P99_MS
        and legitimate.checks.percentile(0.99) <= CHECK_P99_MS
    )


def _print(title: str, legitimate: Legitimate, attack: dict[str, Any], loop_seconds: float) -> None:
    lines = [title]
    if attack:
        statuses = attack["statuses"]
        counts = ", ".join(f"{count} of {status}" for status, count in sorted(statuses.items()))
        lines.append(
            f"  {sum(statuses.values())} failed logins over {len(NAMES)} names from "
            f"{len(ADDRESSES)} addresses in {attack['seconds']} s: {counts}"
        )
        sent = max(1, sum(statuses.values()) - statuses.get("not sent", 0))
        lines.append(
            f"  CPU per guess: {loop_seconds / sent * 1000:.2f} ms of the event loops (with the "
            f"legitimate callers), {attack['cpu_seconds'] / sent * 1000:.2f} ms of the attacker"
        )
    lines.append(_line("logins", legitimate.logins, LOGIN_P99_MS))
    lines.append(_line("check_token", legitimate.checks, CHECK_P99_MS))
    failures = (*legitimate.logins.failures, *legitimate.checks.failures)
    lines += [f"    failed: {failure}" for failure in failures[:10]]
    sys.stdout.write("\n".join(lines) + "\n")


def _line(title: str, measured: Latencies, target: float) -> str:
    p50, p99, worst = (measured.percentile(share) for share in (0.5, 0.99, 1.0))
    return (
        f"  {title:12} {len(measured.took):6} requests, {len(measured.failures)} failed, "
        f"p50 {p50:.1f}, p99 {p99:.1f}, worst {worst:.1f} ms (target: p99 {target:.0f} ms)"
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make guesses ARGS=...")
    parser.add_argument("--check", action="store_true", help="exit 1 if a target is missed")
    parser.add_argument("--guesses", type=int, default=60_000, help="failed logins (default 60000)")
    parser.add_argument("--seconds", type=float, default=60.0, help="duration (default 60)")
    parser.add_argument(
        "--replicas", type=int, default=3, help="replicas of cas-server (default 3)"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
