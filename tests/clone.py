"""A clone of this checkout as it is, in which tests make and remove services, commit and tag."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from suitectl.root import ROOT

_PATIENCE_S = 600
_AS = {
    **{f"GIT_{who}_NAME": "test" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "test@example.com" for who in ("AUTHOR", "COMMITTER")},
}
"""Whoever runs the tests need not have told git a name."""


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone, whose sources come before the installed ones."""

    root: Path

    @property
    def installed(self) -> Path:
        """Return where the packages of made services are installed, for their metadata."""
        return self.root / ".build/installed"

    def suitectl(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the suite."""
        return self.run(sys.executable, "-m", "suitectl", *arguments)

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a program there."""
        folders = [*self.root.glob("libs/*/src"), *self.root.glob("services/*/src")]
        path = os.pathsep.join(map(str, [*folders, self.installed]))
        environment = os.environ | _AS | {"PYTHONPATH": path, "NO_COLOR": "1"}
        return subprocess.run(
            command,
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_S,
        )

    def done(self, *command: str) -> str:
        """Run a program that has to succeed, and return what it printed."""
        ran = self.run(*command)
        assert ran.returncode == 0, f"{command}: {ran.stdout}{ran.stderr}"
        return ran.stdout

    def git(self, *arguments: str) -> str:
        """Run git there."""
        return self.done("git", *arguments)

    def commit(self, message: str, *, tag: str = "") -> None:
        """Commit everything, and tag it."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--no-verify", "--message", message)
        if tag:
            self.git("tag", tag)

    def changed(self) -> str:
        """Return what differs from the last commit."""
        return self.git("status", "--porcelain", "--untracked-files=all")

    def install(self, service: str) -> None:
        """Install a service for its metadata, away from the environment of the tests."""
        options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation")
        pip = (sys.executable, "-m", "pip", "install", *options, "--target", str(self.installed))
        self.done(*pip, f"services/{service}")


def clone(directory: Path) -> Clone:
    """Clone this checkout, with what is not committed yet."""
    made = Clone(directory / "checkout")
    command = ["git", "clone", "--quiet", str(ROOT), str(made.root)]
    subprocess.run(command, check=True)
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.check_output(listing, cwd=ROOT, text=True).split("\0")
    for name in filter(None, listed):
        _copy(ROOT / name, made.root / name)
    made.commit("As it is")
    return made


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        target.unlink(missing_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target, follow_symlinks=False)
