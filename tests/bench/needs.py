"""What a row needs on this machine: programs and peers, each with the line that installs it."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bench.accounting import IS_KNOWN
from bench.peers import oidc_provider, python
from suitectl.catalogue import on_chassis


@dataclass(frozen=True, slots=True)
class Need:
    """A program or a peer: how to install it, and whether it is there."""

    install: str
    is_installed: Callable[[], bool]


def missing(names: Sequence[str]) -> list[str]:
    """Return a line for each that is missing, with how to install it."""
    needs = ((name, NEEDS[name]) for name in names)
    return [f"{name} is missing: {one.install}" for name, one in needs if not one.is_installed()]


def _program(name: str, install: str) -> Need:
    return Need(install, lambda: shutil.which(name) is not None)


_PEERS = "make bench-peers"
NEEDS: Mapping[str, Need] = {
    "wrk": _program("wrk", "apt-get install wrk, or brew install wrk"),
    "make": _program("make", "apt-get install make, or xcode-select --install"),
    "redis-benchmark": _program(
        "redis-benchmark", "apt-get install redis-tools, or brew install redis"
    ),
    "node-oidc-provider": Need(f"{_PEERS}, with Node.js 20 or later", oidc_provider.is_installed),
    "aiohttp": Need(_PEERS, partial(python.is_installed, "aiohttp")),
    "a resource service on the chassis": Need(
        "make new-service NAME=...", lambda: any(one.is_api for one in on_chassis().values())
    ),
    "CPU accounting": Need("only Linux tells it of another process", lambda: IS_KNOWN),
}
