"""A misspelled variable of make would change nothing: it is refused, and the nearest is named."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TYPED = re.compile(r"\bmake ([a-z0-9-]+)((?: [A-Z_0-9]+=(?:'[^']*'|[^\s`'\",;|)]+))+)")


def _make(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Ask what would be run, and run nothing."""
    command = ["make", "--dry-run", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("canary", "SERVIZE=orders"), "make canary takes no SERVIZE; the nearest is SERVICE"),
        (
            ("token", "PLATFORMX=kubernetes"),
            "make token takes no PLATFORMX; the nearest is PLATFORM",
        ),
        (("rollback", "V1=1"), "make rollback takes no V1"),
        (
            ("up", "PLATFORM=kubernetes"),
            "make up is for this machine and takes no PLATFORM=kubernetes; in a cluster",
        ),
    ],
)
def test_an_unknown_variable_is_one_line(arguments: tuple[str, ...], said: str) -> None:
    done = _make(*arguments)
    assert done.returncode != 0
    (line,) = done.stderr.splitlines()
    assert said in line


def test_every_variable_that_is_promised_is_taken() -> None:
    pages = [ROOT / "README.md", ROOT / "Makefile", *ROOT.glob("docs/**/*.md")]
    typed = {found for page in pages for found in TYPED.findall(page.read_text())}
    assert ("canary", " V1=1 V2=4") in typed
    refused = {
        f"make {target}{variables}"
        for target, variables in typed
        if "takes no" in _make(target, *_names(variables)).stderr
    }
    assert refused == set()


def _names(variables: str) -> list[str]:
    return [f"{name}=x" for name in re.findall(r"([A-Z_0-9]+)=", variables)]
