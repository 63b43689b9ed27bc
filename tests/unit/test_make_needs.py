"""A make target that promises only `make setup` runs with what that installs."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
RECIPE = re.compile(r"^([\w-]+): setup\b.*\n((?:\t.*\n)+)", re.MULTILINE)
MODULE = re.compile(r"PYTHONPATH=tests \$\(PY\) -m ([\w.]+)")
IMPORT = """
import importlib, sys
module, *hidden = sys.argv[1:]
sys.modules.update(dict.fromkeys(hidden))
importlib.import_module(module)
"""
MODULES = {
    target: found[1]
    for target, recipe in RECIPE.findall(MAKEFILE)
    if (found := MODULE.search(recipe))
}


def test_the_targets_are_found() -> None:
    assert {"bench", "bench-peers", "guesses", "floods"} <= MODULES.keys()


@pytest.mark.parametrize("target", MODULES)
def test_a_target_imports_nothing_that_only_make_dev_installs(target: str) -> None:
    name = MODULES[target]
    is_package = (ROOT / "tests" / name.replace(".", "/")).is_dir()
    module = f"{name}.__main__" if is_package else name
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, module, *_of_development()],
        env={"PYTHONPATH": "tests"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""


def _of_development() -> list[str]:
    """Return the packages that constraints-dev.txt alone installs."""
    run, dev = (_pinned(name) for name in ("constraints.txt", "constraints-dev.txt"))
    found = packages_distributions().items()
    names = [name for name, by in found if {_normal(one) for one in by} & (dev - run)]
    assert "pytest" in names
    return names


def _pinned(file: str) -> set[str]:
    return {
        _normal(name)
        for name in re.findall(r"^([\w.-]+)==", (ROOT / file).read_text(), re.MULTILINE)
    }


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
