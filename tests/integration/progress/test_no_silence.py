"""No command is silent while one of its steps takes long: on a terminal, and in a log.

tests/unit/localkube/test_localkube_progress.py measures the gaps on a virtual clock. Here real
commands wait for a program that does not end before the test has seen them go on.
"""

import os
import shutil
import socket
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from integration.localkube.conftest import prepared
from integration.localkube.kit import deployment
from integration.progress.watched import Watched, watched
from suitectl.root import ROOT

SLOW = Path(__file__).with_name("slow_command.py")
WHERE = pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "log"])


def _slow(function: str, *command: str) -> Sequence[str]:
    module, _, name = function.rpartition(".")
    return [sys.executable, str(SLOW), module, name, *command]


def _program(directory: Path, name: str, script: str) -> Path:
    (directory / name).write_text(f"#!/bin/sh\n{script}\n")
    (directory / name).chmod(0o755)
    return directory / name


def _path(directory: Path) -> dict[str, str]:
    return {"PATH": f"{directory}{os.pathsep}{os.environ['PATH']}"}


def _is_clean(one: Watched) -> bool:
    """Whether nothing of the moving line is left, and no attribute is set."""
    return (
        not any(line[:1] in set("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏") for line in one.screen)
        and "\x1b[?25l" not in one.text
    )


@WHERE
@pytest.mark.parametrize(
    ("function", "command", "shown"),
    [
        ("suitectl.commands.secrets.generate", ("secrets",), "secrets"),
        ("suitectl.commands.demo._demo", ("demo",), "demo"),
    ],
    ids=["secrets", "demo"],
)
def test_a_command_without_steps_of_its_own(
    tmp_path: Path, function: str, command: Sequence[str], shown: str, *, terminal: bool
) -> None:
    with watched(_slow(function, *command), tmp_path, terminal=terminal) as one:
        one.await_progress(shown)
        one.release()
        assert one.end() == 0, one.text
    assert _is_clean(one)


@WHERE
def test_images(tmp_path: Path, *, terminal: bool) -> None:
    """A build lasts; its output is shown where it fails."""
    script = 'if [ "$1" = build ]; then read go <"$GATE"; echo no such stage >&2; exit 1; fi'
    environment = {"DOCKER": str(_program(tmp_path, "docker", script))}
    command = [sys.executable, "-m", "suitectl", "images"]
    with watched(command, tmp_path, terminal=terminal, environment=environment) as one:
        one.await_progress("building ")
        one.release()
        assert one.end() == 1
    assert "no such stage" in one.screen[-2]
    assert _is_clean(one)
    if not terminal:
        first, last = one.screen[0], one.screen[-3]
        assert first == f"{last.partition(':')[0]} …"
        assert ": failed, " in last


@WHERE
def test_deploy(tmp_path: Path, *, terminal: bool) -> None:
    script = 'if [ "$1" = kustomize ]; then read go <"$GATE"; echo no such overlay >&2; exit 1; fi'
    _program(tmp_path, "kubectl", script)
    docker = 'if [ "$2" = inspect ]; then echo sha256:0123456789abcdef 1; fi'
    environment = _path(tmp_path) | {"DOCKER": str(_program(tmp_path, "docker", docker))}
    command = [sys.executable, "-m", "suitectl", "deploy", "--overlay=prod"]
    with watched(command, tmp_path, terminal=terminal, environment=environment) as one:
        one.await_progress("rendering prod")
        one.release()
        assert one.end() == 1
    assert "no such overlay" in one.screen[-2]
    assert _is_clean(one)


@pytest.mark.parametrize("columns", [20, 80])
def test_ctrl_c_leaves_the_terminal_clean(tmp_path: Path, columns: int) -> None:
    command = _slow("suitectl.commands.secrets.generate", "secrets")
    with watched(command, tmp_path, terminal=True, columns=columns) as one:
        one.await_progress("secrets")
        one.interrupt()
        one.release()
        assert one.end() == 130
    assert one.screen == ["secrets: interrupted", ""]


@WHERE
def test_localkube_up(tmp_path: Path, *, terminal: bool) -> None:
    """A pod that does not get ready; then Ctrl-C."""
    kube = prepared(tmp_path)
    kube.write(deployment(image="sleep:1"))
    command = kube.command("up", str(kube.manifests), "--config", str(tmp_path / "localkube.yaml"))
    with watched(command, tmp_path, terminal=terminal) as one:
        one.await_progress("waiting for Deployments: web 0/1")
        one.interrupt()
        assert one.end() == 130
    assert _is_clean(one)
    assert one.screen[-2] == "localkube: interrupted"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return what `setup` needs of a checkout, with one package to install."""
    shutil.copy(ROOT / "setup", tmp_path)
    source = tmp_path / "libs/localkube/src/localkube"
    source.parent.mkdir(parents=True)
    shutil.copytree(ROOT / "libs/localkube/src/localkube", source)
    for place in (".", "libs/localkube", "services/web"):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        (tmp_path / place / "pyproject.toml").write_text("")
    (tmp_path / "constraints.txt").write_text(f"editables==0.5 --hash=sha256:{'0' * 64}\n")
    return tmp_path


@pytest.fixture
def silent_index() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@WHERE
def test_setup(checkout: Path, silent_index: socket.socket, *, terminal: bool) -> None:
    """The index accepts and says nothing, until it goes away."""
    port = silent_index.getsockname()[1]
    environment = {name: "" for name in os.environ if name.startswith(("PIP_", "MAKE"))} | {
        "PIP_INDEX_URL": f"http://127.0.0.1:{port}/simple",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_RETRIES": "0",
        "PYTHON": sys.executable,
        "NO_PROXY": "127.0.0.1",
    }
    with watched(["./setup"], checkout, terminal=terminal, environment=environment) as one:
        one.await_progress("installing what the suite runs on")
        silent_index.close()
        assert one.end() == 1
    assert _is_clean(one)
    assert one.screen[-2].startswith("setup: installing what the suite runs on failed (make doctor")
    assert any("ERROR: " in line for line in one.screen), one.text


@WHERE
def test_tests(tmp_path: Path, *, terminal: bool) -> None:
    """pytest shows which test lasts, behind the dots or on lines of its own."""
    (tmp_path / "test_slow.py").write_text(
        "import os\ndef test_quick():\n    pass\n"
        "def test_slow(tell):\n    tell('round 2')\n    open(os.environ['GATE']).read(1)\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "progress_lines", "--rootdir=.", "."]
    environment = {"PYTHONPATH": str(ROOT / "tests")}
    with watched(command, tmp_path, terminal=terminal, environment=environment) as one:
        one.await_progress("1 of 2, round 2, test_slow")
        one.release()
        assert one.end() == 0
    assert "2 passed" in one.text
    if terminal:
        assert "\x1b[K" in one.text.rpartition("test_slow")[2]
