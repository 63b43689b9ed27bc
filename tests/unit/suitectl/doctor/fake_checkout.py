"""A checkout with what the doctor looks at, and programs that are there by name only."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from suitectl.doctor.finding import GOOD, Finding
from suitectl.root import ROOT


def checkout(directory: Path) -> Path:
    """Return a directory with the files that `setup` reads."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in ("setup", "localkube", "Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, directory / name)
    (directory / "constraints.txt").write_text("editables==0.5 \\\n")
    (directory / "constraints-dev.txt").write_text("")
    for package in ("libs/one", "services/two"):
        (directory / package).mkdir(parents=True)
        (directory / package / "pyproject.toml").write_text("")
    return directory


def with_venv(root: Path) -> Path:
    """Make a `.venv` as `setup` does, without the packages, and stamp it as installed."""
    command = [sys.executable, "-m", "venv", "--without-pip", str(root / ".venv")]
    subprocess.run(command, check=True)
    (packages,) = (root / ".venv/lib").glob("python*/site-packages")
    (packages / "pip").mkdir()
    (packages / "pip/__init__.py").write_text("")
    stamp(root, "run", "constraints.txt")
    return root


def stamp(root: Path, name: str, *pins: str) -> None:
    """Write what `setup` writes after it has installed the pins."""
    files = [*pins, "pyproject.toml", "libs/one/pyproject.toml", "services/two/pyproject.toml"]
    texts = b"".join((root / file).read_bytes() for file in files)
    digest = subprocess.run(["cksum"], input=texts, capture_output=True, check=True)  # noqa: S607
    (root / f".venv/.{name}").write_bytes(digest.stdout)


def program(directory: Path, name: str, script: str) -> Path:
    """Write a program, and return its directory for the PATH."""
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(f"#!/bin/sh\n{script}\n")
    (directory / name).chmod(0o755)
    return directory


def links(directory: Path, *names: str) -> Path:
    """Return a directory with these programs of this machine and no others."""
    directory.mkdir(exist_ok=True)
    for name in names:
        (directory / name).symlink_to(str(shutil.which(name)))
    return directory


def wrong(findings: Sequence[Finding]) -> list[tuple[str, str, str]]:
    """Return the findings that say something is wrong."""
    return [(one.mark, one.text, one.remedy) for one in findings if one.mark != GOOD]
