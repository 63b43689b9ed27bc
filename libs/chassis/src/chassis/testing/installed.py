"""Find the programs that the kit starts."""

import importlib.util
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path


class NotInstalledError(Exception):
    """A program is missing; the message says in one line how to install it."""


def redis_server() -> Sequence[str]:
    """Return the command on the PATH or beside the running python; raise `NotInstalledError`."""
    return [_program("redis-server", "install it: apt install redis-server, or brew install redis")]


def cas_server() -> Sequence[str]:
    """Return the command of the authorization server; raise `NotInstalledError`."""
    if importlib.util.find_spec("cas_server") is not None:
        return [sys.executable, "-m", "cas_server"]
    return [_program("cas-server", "install it: pip install suite-cas-server")]


def _program(name: str, remedy: str) -> str:
    beside = Path(sys.executable).with_name(name)
    found = shutil.which(name) or (str(beside) if beside.exists() else None)
    if found is None:
        raise NotInstalledError(f"no {name} found; {remedy}")
    return found
