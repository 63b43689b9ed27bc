"""Whatever a service may be called, its code is clean and its tests collect."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import copier
import pytest

from suitectl.root import ROOT
from suitectl.scaffold.names import LONGEST_NAME

LONGEST, LONGEST_CALLED = "d" * LONGEST_NAME, "c" * LONGEST_NAME
NAMES = ("request", "auth", "status", "filter", "create-app", "called", "response", "serve")
"""Fixtures of pytest and the test kit, built-in functions, and names in the template's own code."""
RUFF = Path(sys.executable).with_name("ruff")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the template away from git, so that it is rendered as it is."""
    copy = tmp_path_factory.mktemp("template")
    shutil.copytree(ROOT / "libs/template", copy / "libs/template")
    shutil.copy(ROOT / "copier.yml", copy)
    return copy


@pytest.mark.parametrize(
    ("name", "called"), [*zip(NAMES, NAMES[::-1], strict=True), (LONGEST, LONGEST_CALLED)]
)
def test_no_name_makes_code_that_is_not_clean(
    template: Path, tmp_path: Path, name: str, called: str
) -> None:
    _render(template, tmp_path, name, called)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    _ruff(tmp_path, "check", "--select=I", "--fix")
    _ruff(tmp_path, "format")
    assert _ruff(tmp_path, "check") == "All checks passed!\n"


def test_no_fixture_and_no_variable_of_its_tests_has_the_name_of_the_service(
    template: Path, tmp_path: Path
) -> None:
    _render(template, tmp_path, "desk", "shelf")
    (test,) = tmp_path.glob("tests/unit/desk/*.py")
    tree = ast.parse(test.read_text())
    assert {"desk", "shelf"}.isdisjoint(_names(tree))


def _render(template: Path, target: Path, name: str, called: str) -> None:
    service = {"name": called, "service": f"{called}-service", "namespace": "n" * 63}
    calls = [service | {"port": 2001, "path": "/api/me"}]
    wanted = {"name": name, "versions": ["v1", "v2"], "calls": calls}
    copier.run_copy(str(template), target, data=wanted, defaults=True, quiet=True)


def _ruff(folder: Path, *arguments: str) -> str:
    """Run ruff with the rules of the suite; return what it found."""
    command = (str(RUFF), *arguments, "--no-cache", ".")
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return ran.stdout + ran.stderr


def _names(tree: ast.AST) -> set[str]:
    """Return the names of functions, parameters and variables."""
    nodes = list(ast.walk(tree))
    functions = {one.name for one in nodes if isinstance(one, ast.AsyncFunctionDef)}
    parameters = {one.arg for one in nodes if isinstance(one, ast.arg)}
    variables = {one.id for one in nodes if isinstance(one, ast.Name)}
    return functions | parameters | variables
