"""`make types`: mypy --strict, with the sources of whichever libraries and services there are."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
_SOURCES = ("libs/*/src", "services/*/src", "tests", "tests/e2e")
_ALL = ("libs", "services", "tests")


def main(paths: Sequence[str]) -> int:
    """Check some paths, or all; return mypy's exit status. MYPYPATH may name more sources."""
    sources = [str(path) for pattern in _SOURCES for path in sorted(ROOT.glob(pattern))]
    if given := os.environ.get("MYPYPATH"):
        sources.insert(0, given)
    environment = os.environ | {"MYPYPATH": os.pathsep.join(sources)}
    command = [sys.executable, "-m", "mypy", *(paths or _ALL)]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
