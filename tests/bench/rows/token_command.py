"""`make token` against a bare interpreter that sends the same request by httpx."""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.peers import token_request
from bench.row import Row, Sample
from bench.stack import ROOT, Stack
from suitectl.catalogue import token_service
from suitectl.identities import credentials, login_client
from suitectl.platform.localkube import Localkube, running

USER = "alice"
EACH = 3
"""Commands of each side in a run, of which the median counts."""
_COMMAND = ("make", "--silent", "token", f"USER={USER}")


def _measure(stack: Stack, runs: int) -> Sequence[Sample]:
    with tempfile.TemporaryDirectory(dir=stack.directory) as directory:
        return asyncio.run(_of_suite(Path(directory), runs))


async def _of_suite(directory: Path, runs: int) -> Sequence[Sample]:
    async with running(directory / "state") as suite:
        # Not what `make bench` was given: `make token` would take it for its own.
        environment = {"PATH": os.environ["PATH"], **suite.environment()}
        peer = await _peer(suite)
        _sample(peer, environment)
        return [_sample(peer, environment) for _ in range(runs)]


async def _peer(suite: Localkube) -> Sequence[str]:
    url = await suite.url(*token_service().address) + "/oauth/token"
    names = (*credentials(login_client()), *credentials(USER))
    return (sys.executable, token_request.__file__, url, *names)


def _sample(peer: Sequence[str], environment: Mapping[str, str]) -> Sample:
    took = [(_seconds(_COMMAND, environment), _seconds(peer, environment)) for _ in range(EACH)]
    own, of_peer = zip(*took, strict=True)
    return Sample(statistics.median(own), statistics.median(of_peer))


def _seconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """Return the time of a command, which must print a token."""
    began = time.perf_counter()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    took = time.perf_counter() - began
    if done.returncode or len(done.stdout.split()) != 1:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()}")
    return took


ROWS = (
    Row(
        title=f"make token USER={USER}",
        limit_title="python, httpx, the same request",
        unit="s",
        target=2.0,
        at_most=True,
        measure=_measure,
        needs=("make",),
    ),
)
