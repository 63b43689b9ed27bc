"""The interpreter of `.venv`, pip, and whether `.venv` is what `setup` would make now."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Iterator

from suitectl.doctor.finding import Finding, good, missing, odd
from suitectl.doctor.programs import Failed, Slow, output

_PIN = re.compile(r"^(editables==[\w.]+) ", re.MULTILINE)
"""A package of a few kilobytes among the pins: whether pip gets it tells whether it gets any."""

_MODULES = """
from importlib.util import find_spec
print(*(name for name in ("venv", "ensurepip", "pip") if find_spec(name)))
"""
_QUICKLY = ("--quiet", "--disable-pip-version-check", "--no-deps", "--retries=0", "--timeout=1")
_PIP_SECONDS = 1.8
_OFFLINE = "export PIP_FIND_LINKS=/path/to/wheels PIP_NO_INDEX=1, or https_proxy"


def check(root: Path) -> Iterator[Finding]:
    """Look at the interpreter that `setup` takes, and at `.venv`."""
    try:
        known = asked(root)
    except Slow as why:
        yield odd(f"./setup --check: {why}", "time ./setup --check")
        return
    except Failed as why:
        yield missing(f"./setup does not start: {why}", "sh -x ./setup --check")
        return
    if "python" in known:
        yield _version(known["python"])
    else:
        yield missing("no Python 3.11 or later", "apt install python3 python3-venv")
    yield from environment(root, known)


def asked(root: Path) -> dict[str, str]:
    """Return what `setup` says of the interpreter and of `.venv`; raise `Failed`."""
    lines = output(str(root / "setup"), "--check").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _version(interpreter: str) -> Finding:
    try:
        return good(output(interpreter, "--version").strip())
    except Failed as why:
        return missing(f"{interpreter} fails: {why}", "make setup PYTHON=/path/to/python3")


def environment(root: Path, known: dict[str, str]) -> Iterator[Finding]:
    """Say what is odd about `.venv`, by what `setup --check` printed."""
    venv = root / ".venv"
    if not venv.is_dir():
        yield odd("no .venv yet", "make setup, or make dev for the tests")
    elif "problem" in known:
        yield odd(f".venv {known['problem']}", "make setup")
    elif known.get("run") != "fresh":
        yield odd(".venv lacks what constraints.txt pins now", "make setup")
    elif (venv / ".dev").exists() and known.get("dev") != "fresh":
        yield odd(".venv lacks what constraints-dev.txt pins now", "make dev")
    else:
        yield good(".venv")


def installing(root: Path) -> Iterator[Finding]:
    """Say whether `setup` can make `.venv` and get packages, where it has to."""
    try:
        known = asked(root)
        if known.get("run") == "fresh" or "python" not in known:
            return
        modules = output(known["python"], "-c", _MODULES).split()
    except Failed:
        return  # `check` says it
    if "venv" not in modules or not {"ensurepip", "pip"} & set(modules):
        lacks = "ensurepip and no pip" if "venv" in modules else "venv"
        yield missing(f"{known['python']} has no {lacks}", "apt install python3-venv python3-pip")
        return
    yield good("venv")
    if "pip" in modules:
        yield _reaches(root, known["python"])


def _reaches(root: Path, interpreter: str) -> Finding:
    """Download one small pinned package, as pip is configured: index, wheels, proxy."""
    pins = root / "constraints.txt"
    found = _PIN.search(pins.read_text(encoding="utf-8")) if pins.exists() else None
    if not found:
        return good("pip")
    directory = tempfile.mkdtemp(prefix="doctor-")
    command = (interpreter, "-m", "pip", "download", *_QUICKLY, "--dest", directory, found[1])
    try:
        output(*command, seconds=_PIP_SECONDS)
    except Failed as why:
        return odd(f"pip gets no packages ({why})", _OFFLINE)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return good("pip")
