"""The checkout: owners, line ends, case of names, git hooks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Iterator

from suitectl.doctor.finding import Finding, good, missing, odd
from suitectl.doctor.programs import Failed, output

_LOOKED_AT = ("setup", "localkube", "Makefile", ".ci/run", "docker/Dockerfile")
"""Files that a carriage return breaks."""
_WRITTEN = (".venv", ".build", ".secrets", ".git", ".mypy_cache", ".ruff_cache", ".pytest_cache")


def check(root: Path) -> Iterator[Finding]:
    """Look at the files of the checkout."""
    yield owners(root)
    yield line_ends(root)
    yield from case(root)
    yield from hooks(root)


def owners(root: Path) -> Finding:
    """Look for files of others, such as root's after one `sudo make`."""
    user = os.geteuid()
    if user == 0:
        return good("owners")
    files = (root, *root.iterdir(), *(f for name in _WRITTEN for f in root.glob(f"{name}/*")))
    others = [file for file in files if file.lstat().st_uid != user]
    if not others:
        return good("owners")
    many = f" and {len(others) - 1} more" if len(others) > 1 else ""
    text = f"{os.path.relpath(str(others[0]), str(root))}{many} belong to another user"
    fatal = any(not os.access(str(file), os.W_OK) for file in others)
    return (missing if fatal else odd)(text, f"sudo chown -R {user} {root}")


def line_ends(root: Path) -> Finding:
    """Look for the line ends of Windows where a shell or make would read them."""
    for name in _LOOKED_AT:
        file = root / name
        if file.exists() and b"\r\n" in file.read_bytes():
            remedy = "git config core.autocrlf input, and clone anew"
            return missing(f"{name} has the line ends of Windows", remedy)
    return good("line ends")


def case(root: Path) -> Iterator[Finding]:
    """Compare what git believes of the case of names with the file system."""
    ignores = (root / "SETUP").exists() and (root / "SETUP").samefile(root / "setup")
    try:
        believed = output("git", "-C", str(root), "config", "--bool", "core.ignorecase").strip()
    except Failed:
        believed = "false"
    if ignores != (believed == "true"):
        does = "ignores" if ignores else "tells apart"
        remedy = f"git config core.ignorecase {'true' if ignores else 'false'}"
        yield odd(f"the file system {does} upper and lower case, and git differs", remedy)


def hooks(root: Path) -> Iterator[Finding]:
    """Look whether a commit runs what `make lint types` runs, where the tests are installed."""
    if not (root / ".venv/.dev").exists():
        return
    try:
        where = output("git", "-C", str(root), "rev-parse", "--git-path", "hooks/pre-commit")
    except Failed:
        return  # no repository
    hook = root / where.strip()
    if not os.access(str(hook), os.X_OK):
        yield odd("commits run no checks: there is no git hook", ".venv/bin/pre-commit install")
    elif _of_another_place(hook):
        yield odd("the git hook starts a program that is gone", ".venv/bin/pre-commit install -f")
    else:
        yield good("git hook")


def _of_another_place(hook: Path) -> bool:
    lines = hook.read_text(encoding="utf-8", errors="replace").splitlines()
    named = [
        line.split("=", 1)[1].strip("'\"") for line in lines if line.startswith("INSTALL_PYTHON=")
    ]
    return bool(named) and not Path(named[0]).exists()
