"""The Redis versions on this machine, for tests that must pass with each."""

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
    """Return a redis-server of a version, or None. `7` means any version 7.

    A link is created in `directory`, since the program selects its mode by its own name.
    """
    return next(
        (p for p in _programs(directory) if f"{_version(p)}.".startswith(f"{version}.")), None
    )


def _programs(directory: Path) -> Iterator[Path]:
    with suppress(LocalkubeError):
        yield find()
    if (beside := Path(sys.executable).with_name("redis-server")).exists():
        yield beside
    # It is the same program, which Debian's redis-tools ships only under this name.
    if checker := shutil.which("redis-check-rdb"):
        (link := directory / "redis-server").symlink_to(checker)
        yield link


def _version(program: Path) -> str:
    said = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=False
    ).stdout
    found = _VERSION.search(said)
    return found[1] if found else ""
