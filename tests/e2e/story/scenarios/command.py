"""Commands such as `make canary` and `make refresh` on a cluster."""

import asyncio
import sys

from suitectl.shell import end, start
from suitectl.story.suite import Suite

_SECONDS = 300.0


async def suitectl(suite: Suite, *arguments: str) -> tuple[int, str]:
    """Run a suitectl command on the cluster; return its exit code and its last line."""
    suite.reporter.say(f"$ .venv/bin/python -m suitectl {' '.join(arguments)}")
    process = await start(
        (sys.executable, "-m", "suitectl", *arguments),
        environment={"PLATFORM": "kubernetes"},
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(_SECONDS):
            out, _ = await process.communicate()
    finally:
        await end(process)
    said = out.decode()
    for line in said.splitlines():
        suite.reporter.explain(line)
    return process.returncode or 0, said.strip().rpartition("\n")[2]


async def succeeds(suite: Suite, *arguments: str) -> None:
    """Run a command, and check that it succeeds."""
    code, said = await suitectl(suite, *arguments)
    suite.reporter.check(
        f"suitectl {arguments[0]} succeeds", holds=code == 0, seen=said if code else ""
    )
