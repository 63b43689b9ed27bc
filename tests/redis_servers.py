"""The versions of Redis on this machine, for tests that have to hold on each."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from localkube.errors import LocalkubeError
from localkube.redis_server import find

VERSIONS = ("6.2", "7")
_VERSION = re.compile(r"v=(\d+\.\d+)")


def program_of(version: str, directory: Path) -> Path | None:
    """Return a redis-server of a version, `7` being any of 7; None where there is none.

    `directory` is for a link: a server looks at its own name to know what it is.
    """
    return next(
        (p for p in _programs(directory) if f"{_version(p)}.".startswith(f"{version}.")), None
    )


def _programs(directory: Path) -> Iterator[Path]:
    with suppress(LocalkubeError):
        yield find()
    if (beside := Path(sys.executable).with_name("redis-server")).exists():
        yield beside
    # The same program: Debian's redis-tools has it by this name, and its redis-server by both.
    if checker := shutil.which("redis-check-rdb"):
        (link := directory / "redis-server").symlink_to(checker)
        yield link


def _version(program: Path) -> str:
    said = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=False
    ).stdout
    found = _VERSION.search(said)
    return found[1] if found else ""
