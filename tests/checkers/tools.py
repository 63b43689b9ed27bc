"""The checkers, in a separate environment: .venv/checkers."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".venv/checkers"
BIN = HOME / "bin"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
KUBECONFORM = "github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0"


@dataclass(frozen=True, slots=True)
class Output:
    """The output of a program."""

    program: str
    out: str
    err: str


def install() -> None:
    """Install checkers that are missing or have another version. Raises RuntimeError."""
    wanted = f"{REQUIREMENTS.read_text()}{KUBECONFORM}\n"
    stamp = HOME / "installed.txt"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if shutil.which("go") is None:
        raise RuntimeError("kubeconform and the schemas of custom resources come by Go: install it")
    _must([sys.executable, "-m", "venv", HOME])
    _must([BIN / "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS])
    _must(["go", "install", KUBECONFORM], GOBIN=str(BIN))
    stamp.write_text(wanted)


def ask(program: str, *arguments: str) -> Output:
    """Run an installed checker in the root directory of the suite."""
    done = subprocess.run(
        [BIN / program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return Output(program, done.stdout, done.stderr)


def _must(command: Sequence[str | Path], **environment: str) -> None:
    done = subprocess.run(
        command,
        cwd="/",
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise RuntimeError(f"{' '.join(str(word) for word in command)}: {''.join(last)}")
