"""The service's own tests, in its own language; `make lint` has gofmt and `go vet`."""

import subprocess
import sys
from pathlib import Path

import pytest

from suitectl.root import ROOT

GO = Path(sys.executable).with_name("go")


@pytest.mark.skipif(not GO.exists(), reason="no Go is on this machine: docs/other-languages.md")
def test_its_own_tests_pass() -> None:
    done = subprocess.run(
        [GO, "test", "-count=1", "./..."],
        cwd=ROOT / "services/go-service",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_debugger_for_python_is_refused_in_one_line() -> None:
    command = [sys.executable, "-m", "suitectl", "debug", "--service=go-service"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1
    assert "SERVICE=go-service: is in go, and debugpy is for Python" in line
