"""What `make doctor` prints, where it runs, and how it ends."""

import ast
import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from suitectl.doctor import report
from suitectl.doctor.finding import Finding, good, missing, odd
from suitectl.root import ROOT

PACKAGE = ROOT / "libs/suitectl/src/suitectl/doctor"
LINE = re.compile(r"[✓!✗] .+")
FOUND = [good("one"), odd("odd", "mend it"), missing("gone", "get it"), good("two")]


def _doctor(**variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(
        [sys.executable, "-S", "-m", "suitectl.doctor"],
        env=environment | {"PYTHONPATH": str(PACKAGE.parents[1])} | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_runs_with_the_standard_library_alone() -> None:
    done = _doctor(PYTHONIOENCODING="utf-8")
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert all(LINE.fullmatch(line) for line in lines)
    assert done.returncode == int("✗" in done.stdout)
    assert lines[0].startswith("✓ ")
    assert all("  → " in line for line in lines[1:])


def test_without_utf_8_its_marks_are_plain() -> None:
    done = _doctor(PYTHONIOENCODING="ascii")
    assert done.stderr == ""
    assert all(line[:2] in {"+ ", "! ", "x "} for line in done.stdout.splitlines())


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.name)
def test_every_module_is_for_python_3_8_and_needs_no_other(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 8))
    for node in ast.walk(tree):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            top = name.split(".")[0]
            assert name.startswith("suitectl.doctor") or top in sys.stdlib_module_names
    needs_future = any(isinstance(node, ast.FunctionDef) for node in ast.walk(tree))
    assert not needs_future or "from __future__ import annotations" in path.read_text()


def test_a_finding_is_one_line_and_what_is_well_comes_first() -> None:
    assert list(report.lines(FOUND, 200)) == [
        "✓ one, two",
        "! odd  → mend it",
        "✗ gone  → get it",
    ]


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_a_narrow_terminal_breaks_texts_and_no_commands(columns: int) -> None:
    found = [good(f"word {n}") for n in range(40)]
    found.append(odd("a text of many words " * 6, "sudo a command that is long --and --whole"))
    lines = list(report.lines(found, columns))
    assert all(len(line) <= columns for line in lines if "→" not in line)
    assert "    → sudo a command that is long --and --whole" in lines


def test_it_fails_only_where_something_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(report, "CHECKS", {"a": lambda _: [good("a"), odd("b", "c")]})
    assert report.main() == 0
    monkeypatch.setattr(report, "CHECKS", {"a": lambda _: FOUND})
    assert report.main() == 1
    assert "✗ gone  → get it" in capsys.readouterr().out


def test_a_check_that_fails_or_hangs_is_a_finding_and_stops_no_other() -> None:
    never = threading.Event()

    def hangs(_: Path) -> Iterator[Finding]:
        never.wait()
        yield good("late")

    def fails(_: Path) -> Iterator[Finding]:
        raise PermissionError(13, "denied", "/x")

    checks = {"hangs": hangs, "fails": fails, "works": lambda _: [good("works")]}
    try:
        found = list(report.found(checks, ROOT, within=0.5))
    finally:
        never.set()
    assert [one.mark for one in found] == ["!", "!", "✓"]
    assert "the check of hangs did not end" in found[0].text
    assert "the check of fails failed" in found[1].text


@pytest.mark.parametrize("plain", [True, False])
def test_colours_on_a_terminal_only_and_never_with_no_color(*, plain: bool) -> None:
    code = "from suitectl.doctor import report; print(report._shown('! odd  → mend it'))"
    variables = {"PYTHONPATH": str(PACKAGE.parents[1]), "PYTHONIOENCODING": "utf-8"}
    variables |= {"NO_COLOR": "1"} if plain else {}
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        subprocess.run([sys.executable, "-c", code], env=variables, stdout=theirs, check=True)
        os.close(theirs)
        printed = terminal.read(1000)
    assert (b"\033[" in printed) is not plain
