"""Peers in Python: ASGI applications under uvicorn, and packages that the suite does not have."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING

from bench.peers.folder import PEERS, TESTS

if TYPE_CHECKING:
    from bench.stack import Service, Stack

PACKAGES = PEERS / "python"
"""Packages that only peers need; .venv has those of the suite."""
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
# As the suite runs uvicorn, without what it adds: one process, no log of requests.
_UVICORN = (
    "--no-access-log",
    "--log-level=warning",
    "--no-server-header",
    "--no-proxy-headers",
    "--ws=none",
    "--loop=uvloop",
    "--http=httptools",
    "--timeout-keep-alive=75",
)


def is_installed(package: str) -> bool:
    """Return whether `make bench-peers` has installed a package."""
    return (PACKAGES / package).is_dir()


def environment() -> Mapping[str, str]:
    """Return the environment in which a peer finds its module and packages."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": f"{TESTS}:{PACKAGES}"}


def install() -> None:
    """Install the packages of requirements.txt. Raises `CalledProcessError`."""
    command = [sys.executable, "-m", "pip", "install", "--target", str(PACKAGES), "--upgrade"]
    subprocess.run([*command, "--require-hashes", "-r", str(REQUIREMENTS)], check=True)


def versions() -> Mapping[str, str]:
    """Return the versions of what is installed."""
    return {
        one.name: one.version
        for one in distributions(path=[str(PACKAGES)])
        if one.name == "aiohttp"
    }


@contextmanager
def serving(stack: "Stack", module: str) -> Iterator["Service"]:
    """Serve `bench.peers.MODULE` by one process of uvicorn during the block."""
    app = f"bench.peers.{module}:app"
    command = [sys.executable, "-m", "uvicorn", app, "--host=127.0.0.1", *_UVICORN]
    with stack.peer(lambda port: [*command, f"--port={port}"], environment()) as service:
        yield service
