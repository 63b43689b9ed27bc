"""What the tests with a browser and with clients in other languages need; they skip without it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Iterator, NamedTuple

from suitectl.doctor.finding import Finding, good, odd


class Peer(NamedTuple):
    """A program under one of its names, the tests and targets that use it, how to install it."""

    names: tuple[str, ...]
    used_by: str
    remedy: str


PEERS = (
    Peer(
        ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
        "make pictures, and tests of the login pages and of /docs in a browser",
        "apt install chromium",
    ),
    Peer(
        *(("java",), "tests/interop with Spring and the JDK's client"),
        "apt install default-jdk-headless",
    ),
    Peer(
        *(("mvn",), "tests/interop with Spring, whose libraries it fetches"),
        "apt install maven",
    ),
    Peer(
        *(("npm",), "tests/interop with Node.js, openid-client and oauth4webapi"),
        "apt install npm",
    ),
    Peer(
        *(("oauth2-proxy",), "tests/interop with it"),
        "GOBIN=$PWD/.build/bin go install github.com/oauth2-proxy/oauth2-proxy/v7@v7.15.6",
    ),
)


def check(root: Path) -> Iterator[Finding]:
    """Look for each, and start none: a JVM takes longer than the whole report."""
    places = os.pathsep.join((os.environ.get("PATH", ""), str(root / ".build/bin")))
    for peer in PEERS:
        if any(shutil.which(name, path=places) for name in peer.names):
            yield good(peer.names[0])
        else:
            yield odd(f"no {peer.names[0]}, for {peer.used_by}", peer.remedy)
