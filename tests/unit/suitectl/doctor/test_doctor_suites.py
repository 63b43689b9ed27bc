"""State directories, suites that run, and what a killed one left."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from suitectl.doctor import suites
from suitectl.doctor.finding import GOOD
from suitectl.doctor.processes import Process
from unit.suitectl.doctor.fake_checkout import wrong

DAEMON = "import sys; print('up', flush=True); sys.stdin.read()"


@contextmanager
def _daemon(checkout: Path, state: Path) -> Iterator[int]:
    """Run a process that looks like the engine of a checkout."""
    python = checkout / ".venv/bin/python"
    if not python.exists():
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)
    command = [str(python), "-c", DAEMON, "localkube.engine.daemon", "--state", str(state)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.stdin.close()


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state/localkube"


def _about(pid: int, root: Path) -> list[tuple[str, str, str]]:
    return [one for one in wrong(list(suites.check(root))) if str(pid) in "".join(one)]


def test_the_own_suite_is_well(tmp_path: Path, base: Path) -> None:
    with _daemon(tmp_path / "suite", base / "suite") as pid:
        assert _about(pid, tmp_path / "suite") == []
        assert any(f"pid {pid}" in one.text for one in suites.check(tmp_path / "suite"))


def test_a_suite_of_another_checkout(tmp_path: Path, base: Path) -> None:
    with _daemon(tmp_path / "other", base / "other") as pid:
        ((mark, text, remedy),) = _about(pid, tmp_path / "suite")
    assert (mark, text) == ("!", f"a suite of {tmp_path / 'other'} runs (pid {pid})")
    assert remedy == f"{tmp_path / 'other'}/localkube --state {base / 'other'} down"


def test_a_suite_of_a_deleted_checkout(tmp_path: Path, base: Path) -> None:
    with _daemon(tmp_path / "other", base / "other") as pid:
        shutil.rmtree(tmp_path / "other")
        ((_, text, remedy),) = _about(pid, tmp_path / "suite")
    assert text == f"a suite of the deleted {tmp_path / 'other'} runs"
    assert remedy == f"kill {pid}"


def test_a_suite_of_another_user(
    tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its checkout may be in a directory that this user may not enter."""
    stranger = os.geteuid() + 12345
    with _daemon(tmp_path / "other", base / "other") as pid:
        monkeypatch.setattr(os, "geteuid", lambda: stranger)
        found = [one for one in suites.check(tmp_path / "suite") if str(pid) in one.text]
    assert [(one.mark, one.text) for one in found] == [
        (GOOD, f"a suite of another user runs (pid {pid})")
    ]


def test_a_suite_of_older_code(tmp_path: Path, base: Path) -> None:
    code = tmp_path / "suite/libs/localkube/src/localkube/engine.py"
    code.parent.mkdir(parents=True)
    with _daemon(tmp_path / "suite", base / "suite") as pid:
        code.write_text("")
        os.utime(code, (2**32, 2**32))
        ((_, text, remedy),) = _about(pid, tmp_path / "suite")
    assert text == f"the suite runs an older localkube (pid {pid})"
    assert remedy == "make down up"


def test_what_a_killed_suite_left(tmp_path: Path, base: Path) -> None:
    (base / "suite-1/pods/ns-app").mkdir(parents=True)
    (base / "suite-2/pods").mkdir(parents=True)
    found = [one for one in wrong(list(suites.check(tmp_path))) if str(base) in one[1]]
    assert found == [("!", f"{base}/suite-1 is left of a killed suite", f"rm -rf {base}/suite-1")]


def test_a_state_directory_that_nobody_can_write(tmp_path: Path) -> None:
    assert suites.features(tmp_path / "a/b").mark == GOOD
    found = suites.features(Path("/proc/self/localkube"))
    assert found.mark == "✗"
    assert "LOCALKUBE_STATE" in found.remedy


def test_a_process_without_a_path() -> None:
    assert not Process(1, "init").is_localkube
    assert Process(1, "").option("--state") == ""
