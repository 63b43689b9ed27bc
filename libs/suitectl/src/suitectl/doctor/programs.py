"""Programs: asked within seconds, found with their versions, needed by which target."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Iterator, NamedTuple

from suitectl.doctor.finding import Finding, good, missing, odd

SECONDS = 2.2
"""Until a program that does not respond counts as one that fails."""
OLDEST_REDIS = (6, 2)
GO_PLACES = ("go", "/usr/local/go/bin/go")
"""Where `setup` looks for Go."""
_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.\d+)?")


class Program(NamedTuple):
    """A program on the PATH, the targets that need it, and how to install it."""

    name: str
    version: tuple[str, ...]
    needed_by: str
    remedy: str


PROGRAMS = (
    Program("git", ("--version",), "make lint, make release", "apt install git"),
    Program("curl", ("--version",), "./localkube curl", "apt install curl"),
    Program(
        *("docker", ("--version",), "make images, make deploy"),
        "apt install docker.io, or DOCKER=podman",
    ),
    Program(
        *("skaffold", ("version",), "skaffold dev"),
        "see skaffold.dev/docs/install, or use make up",
    ),
)


class Failed(Exception):
    """A program is missing, failed, or did not respond; the message is its last line."""


class Slow(Failed):
    """A program did not respond within its time."""


def output(*command: str, seconds: float | None = None, **options: object) -> str:
    """Return what a program printed; raise `Failed`."""
    try:
        done = subprocess.run(  # type: ignore[call-overload]  # noqa: S603 - names of this package
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS if seconds is None else seconds,
            text=True,
            errors="replace",
            check=False,
            **options,
        )
    except subprocess.TimeoutExpired as error:
        raise Slow(f"no response within {error.timeout:g} s") from None
    except OSError as error:
        raise Failed(error.strerror or str(error)) from None
    printed = str(done.stdout)
    if done.returncode:
        raise Failed((printed.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
    return printed


def version_in(text: str) -> tuple[int, int]:
    """Return the first version in a text; (0, 0) without one."""
    found = _VERSION.search(text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def check(root: Path) -> Iterator[Finding]:
    """Look for the programs that targets need."""
    for program in PROGRAMS:
        chosen = os.environ.get(program.name.upper())
        yield _found(program._replace(name=chosen) if chosen else program)
    yield from _go(root)


def _found(program: Program) -> Finding:
    if shutil.which(program.name) is None:
        return odd(f"no {program.name}, for {program.needed_by}", program.remedy)
    try:
        number = _VERSION.search(output(program.name, *program.version))
    except Failed as why:
        return odd(f"{program.name} fails: {why}", f"{program.name} {' '.join(program.version)}")
    return good(f"{program.name} {number[0] if number else ''}".strip())


def _go(root: Path) -> Iterator[Finding]:
    """Look for Go, where a service is written in it."""
    wanted = [version_in(line) for line in _go_versions(root)]
    if not wanted:
        return
    oldest = ".".join(map(str, max(wanted)))
    remedy = f"install Go {oldest} or later: go.dev/dl, or apt install golang-go"
    found = (_go_version(place, root) for place in GO_PLACES)
    here = next(filter(None, found), None)
    if here is None:
        yield odd("no go: its services are left out of make up, its clients of make test", remedy)
    elif here < max(wanted):
        yield odd(f"go {here[0]}.{here[1]} is older than {oldest}", remedy)
    else:
        yield good(f"go {here[0]}.{here[1]}")


def _go_version(go: str, root: Path) -> tuple[int, int] | None:
    try:
        return version_in(output(go, "env", "GOVERSION", cwd=str(root)))
    except Failed:
        return None


def _go_versions(root: Path) -> Iterator[str]:
    for file in root.glob("services/*/go.mod"):
        yield from re.findall(r"^go .*", file.read_text(encoding="utf-8"), re.MULTILINE)


def redis(root: Path) -> Iterator[Finding]:
    """Look for redis-server where localkube does: on the PATH, then in `.venv`."""
    beside = root / ".venv/bin/redis-server"
    found = shutil.which("redis-server") or (str(beside) if beside.exists() else None)
    if found is None:
        yield odd(
            "no redis-server: make setup unpacks one", "make setup, or apt install redis-server"
        )
        return
    try:
        number = version_in(output(found, "--version"))
    except Failed as why:
        yield missing(f"{found} does not run: {why}", "apt install --reinstall redis-server")
        return
    text = f"redis-server {number[0]}.{number[1]} ({Path(found).parent})"
    if number < OLDEST_REDIS:
        yield missing(f"{text} is older than 6.2", "apt install redis-server, or rm " + found)
    else:
        yield good(text)
