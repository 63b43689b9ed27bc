"""The verbs and the engine share only the control socket: neither imports the other."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import localkube

ROOT = Path(localkube.__file__).parent
BASE = {"errors", "terminal", "redis_server", "progress", "display"}
ALLOWED = {
    "api": BASE,
    "images": BASE | {"api"},
    "control": BASE,
    "logs": BASE | {"api"},
    "engine": BASE | {"api", "images", "control"},
    "verbs": BASE | {"api", "images", "control", "logs"},
    "engine/network": BASE | {"api", "engine/store", "engine/controller"},
    "engine/pods": BASE
    | {"api", "images", "engine/store", "engine/controller", "engine/events", "engine/network"},
}
"""The other packages that each package may import."""


def imported(path: Path) -> Iterator[str]:
    """Yield the modules of localkube that a file imports, functions included."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in (f"{node.module}.{alias.name}" for alias in node.names):
                if name.startswith("localkube."):
                    yield name.removeprefix("localkube.").replace(".", "/")
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            assert not [name for name in names if name.startswith("localkube")], path


def belongs(module: str, package: str) -> bool:
    return f"{module}/".startswith(f"{package}/")


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    place = ROOT / package
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    wrong = [
        f"{path.relative_to(ROOT)}: {module}"
        for path in files
        for module in imported(path)
        if not any(belongs(module, allowed) for allowed in {package, *ALLOWED[package]})
    ]
    assert not wrong, "\n".join(["", *wrong])


def test_no_two_modules_import_each_other() -> None:
    modules = {str(p.relative_to(ROOT).with_suffix("")): p for p in ROOT.rglob("*.py")}
    needs = {
        name: {other for module in imported(path) for other in modules if belongs(module, other)}
        for name, path in modules.items()
    }
    while leaves := {name for name, others in needs.items() if not others & needs.keys() - {name}}:
        needs = {name: others for name, others in needs.items() if name not in leaves}
    assert not needs
