"""Build a package with the pinned backend, and install it with only its dependencies."""

import importlib.metadata
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]


def build(project: Path, target: str, directory: Path) -> Path:
    """Build the `wheel` or the `sdist` of a project; return the file."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory"]
    subprocess.run([*command, directory], cwd=project, check=True, capture_output=True)
    (built,) = directory.iterdir()
    return built


def install(package: Path, environment: Path, *needed: str) -> None:
    """Create an environment with a package and the dependencies of `needed`.

    No index is used: dependencies are linked from the environment of the tests.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin/python"
    for name in {name for one in needed for name in _closure(Requirement(one))}:
        _link(importlib.metadata.distribution(name), site_packages(environment))
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--quiet",
        "--python",
        str(python),
        "install",
        "--no-compile",
    ]
    options = ("--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check")
    subprocess.run([*pip, *options, package], check=True, capture_output=True)


def site_packages(environment: Path) -> Path:
    """Return the site-packages directory of an environment."""
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(environment)}))


def _closure(requirement: Requirement) -> Iterator[str]:
    """Yield a requirement and its transitive dependencies, without the suite's own packages."""
    if not requirement.name.startswith("suite-"):
        yield canonicalize_name(requirement.name)
    for text in importlib.metadata.requires(requirement.name) or ():
        needed = Requirement(text)
        extras = requirement.extras or {""}
        if needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in extras):
            yield from _closure(needed)


def _link(distribution: importlib.metadata.Distribution, directory: Path) -> None:
    tops = {file.parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}
    for top in tops:
        (directory / top).symlink_to(str(distribution.locate_file(top)))
