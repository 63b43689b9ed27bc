"""The chassis' client against httpx and aiohttp: a process each, calling one bare server."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench.contest import Contestant, Load, pairing
from bench.peers import python
from bench.quantity import RATE
from bench.row import Run
from bench.stack import Stack
from bench.tools import SECONDS

CONTEST = "Clients of uvicorn, constant"


@contextmanager
def _start(stack: Stack, name: str) -> Iterator[Load]:
    with python.serving(stack, "constant") as server:
        yield partial(_call, name, server.url)


def _call(name: str, url: str, callers: int) -> Run:
    command = [sys.executable, "-m", "bench.peers.clients", name, url, str(callers), str(SECONDS)]
    done = subprocess.run(
        command, env=python.environment(), capture_output=True, text=True, check=True, timeout=60
    )
    return Run(**json.loads(done.stdout))


CHASSIS = Contestant("chassis.client", partial(_start, name="chassis"), (), warm_ups=0)
HTTPX = Contestant("httpx", partial(_start, name="httpx"), (), warm_ups=0)
AIOHTTP = Contestant("aiohttp", partial(_start, name="aiohttp"), ("aiohttp",), warm_ups=0)

ROWS = tuple(
    pairing(CONTEST, CHASSIS, peer, connections, RATE, target=None)
    for peer in (HTTPX, AIOHTTP)
    for connections in (16, 64)
)
