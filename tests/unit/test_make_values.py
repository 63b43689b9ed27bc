"""A value of a make variable reaches its command as typed; neither make nor the shell reads it."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from outer_make import OF_MAKE
from sample_services import OUTSIDE

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
NASTY = (
    """it's "a b"; touch made; $(touch made) `touch made` $(shell touch made) $$HOME $@ \\ * é"""
)
FOR_THE_SHELL = {"ARGS"}
"""Options of pytest and others, whose quotes the shell is to read."""
RECORDER = """#!{python}
import json, os, sys
with open("ran", "a") as ran:
    print(json.dumps([sys.argv[1:], dict(os.environ)]), file=ran)
"""
PROGRAMS = (".venv/bin/python", "setup", ".ci/release")
BUILD = re.findall(r"^BUILD := (.*)$", MAKEFILE, re.MULTILINE)[0].split()
VARIABLES = [
    (target, variable)
    for target, names in re.findall(r"^TAKES_(\S+) := (.*)$", MAKEFILE, re.MULTILINE)
    for variable in sorted({*names.replace("$(BUILD)", "").split()} - FOR_THE_SHELL)
]


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """The make of a test is nobody's part."""
    for name in OF_MAKE:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a folder with the Makefile, whose programs write down how they are called."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for program in PROGRAMS:
        path = tmp_path / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(RECORDER.format(python=sys.executable))
        path.chmod(0o755)
    return tmp_path


def _made(checkout: Path, *arguments: str, **variables: str) -> list[tuple[list[str], list[str]]]:
    """Run make; return the arguments and the values in the environment of each program."""
    subprocess.run(
        ["make", *arguments],  # noqa: S607 - the make of this machine
        cwd=checkout,
        env=os.environ | variables,
        check=True,
        capture_output=True,
        timeout=30,
    )
    calls = map(json.loads, (checkout / "ran").read_text().splitlines())
    return [(words, list(environment.values())) for words, environment in calls]


def _values(words: list[str]) -> list[str]:
    return [word.partition("=")[2] or word for word in words]


@pytest.mark.parametrize(("target", "variable"), [*VARIABLES, *(("images", one) for one in BUILD)])
def test_a_value_arrives_as_typed(checkout: Path, target: str, variable: str) -> None:
    calls = _made(checkout, target, f"{variable}={NASTY}")
    read = [_values(words) for words, _ in calls if words[:2] != ["--dev"]]
    inherited = [values for _, values in calls]
    assert any(NASTY in values for values in (*read, *inherited))
    assert not any("touch" in value and value != NASTY for values in read for value in values)
    assert not (checkout / "made").exists()


@pytest.mark.parametrize("variable", ["PLATFORM", "PYTHON", "SUITE_IDENTITIES"])
def test_a_value_of_every_target_arrives_as_typed(checkout: Path, variable: str) -> None:
    assert any(NASTY in values for _, values in _made(checkout, "setup", f"{variable}={NASTY}"))
    assert not (checkout / "made").exists()


def test_no_recipe_reads_a_value_as_text_of_the_shell() -> None:
    taken = {variable for _, variable in VARIABLES} | {*BUILD, "PLATFORM", "PYTHON"}
    recipes = re.findall(r"^\t.*$", MAKEFILE, re.MULTILINE)
    condition = r"\$\(if (?:\$\([A-Z_]+\))+,"
    read = {
        name for line in recipes for name in re.findall(r"\$\((\w+)\)", re.sub(condition, "", line))
    }
    assert read & taken == set()


def test_variables_of_ones_own_shell_are_not_meant(checkout: Path) -> None:
    mine = {"USER": "me", "BROWSER": "firefox", "TOKEN": "t", "SERVICE": "mine", "ARGS": "--mine"}
    ((words, _),) = _made(checkout, "login", **mine)
    assert _values(words[3:]) == ["--user=", "--browser=", "--token="]
    (_, (words, _)) = _made(checkout, "traffic", **mine)[-2:]
    assert "--service=" in words


@pytest.mark.parametrize("name", ["A;touch made;", "A'B", "A$(touch made)"])
def test_the_shell_does_not_read_the_name_of_an_unknown_variable(checkout: Path, name: str) -> None:
    command = ["make", "token", f"{name}=1"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert not (checkout / "made").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("token", "USER=al'ice $(id)"), "token: "),
        (("token", "USER=a\nb"), "token: "),
        (("token", "USER=alice", "CLIENT=demo-app"), "give one of them"),
        (("call", f"SERVICE={OUTSIDE.name}", "METHOD=A B"), "call: METHOD=A B: take a method"),
        (("logs", "SERVICE=a'b"), "logs: SERVICE=a'b: no such service"),
        (("canary", "V1=1 2"), "canary: "),
        (("canary", "ARGS=--no-such"), "canary: --no-such: no such option"),
        (("login", "BROWSER=perhaps"), "login: BROWSER=perhaps: must be 1 or 0"),
        (("break", "UNDO=perhaps"), "break: UNDO=perhaps: must be 1 or 0"),
        (("try", "KUBECTL=perhaps"), "try: KUBECTL=perhaps: must be 1 or 0"),
        (("try", "CHAPTER=it's"), "try: CHAPTER=it's: no such chapter"),
        (("secrets", "ROTATE=keys", "SIGNS_IN=nan"), "rotate: SIGNS_IN=nan: must be a number"),
        (("secrets", "ROTATE=keys", "SIGNS_IN=-5"), "rotate: SIGNS_IN=-5: must be a number"),
        (("secrets", "ROTATE=keys", "SIGNS_IN=abc"), "rotate: SIGNS_IN=abc: must be a number"),
        (("secrets", "ROTATE=x", "RETIRE=x"), "rotate: ROTATE=x RETIRE=x: are two steps"),
        (("secrets", "SIGNS_IN=5"), "rotate: ROTATE is missing"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "--old-file=setup", *arguments],  # noqa: S607 - likewise
        cwd=ROOT,
        env=os.environ | {"LOCALKUBE_STATE": str(tmp_path), "PLATFORM": "localkube"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    line, by_make = done.stderr.splitlines()
    assert said in line
    assert by_make.startswith("make: ***")
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("variable", "folder", "typed"),
    [
        ("FUZZ_ROUNDS", "tests/fuzz", "N"),
        ("FUZZ_SEED", "tests/fuzz", "FUZZ_SEED"),
        ("RACE_ROUNDS", "tests/integration/cas_server/test_races.py", "N"),
    ],
)
def test_rounds_that_are_no_number_are_one_line(variable: str, folder: str, typed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", folder],
        cwd=ROOT,
        env=os.environ | {variable: "abc"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    said = f"ERROR: {typed}=abc: must be a whole number ({variable})\n\n"
    assert done.stdout + done.stderr == said
