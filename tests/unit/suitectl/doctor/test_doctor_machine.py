"""The machine's faults: in a child with lower limits, in a namespace with other mounts."""

import ctypes
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from suitectl.doctor import machine
from suitectl.doctor.finding import GOOD
from suitectl.root import ROOT
from unit.suitectl.doctor.fake_checkout import program, wrong

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "libs/suitectl/src")}


def _in_child(code: str, *command: str, nofile: int | None = None, **variables: str) -> str:
    def lower() -> None:
        if nofile is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (nofile, nofile))

    text = f"from pathlib import Path\nfrom suitectl.doctor import machine, network\nprint({code})"
    done = subprocess.run(
        [*command, sys.executable, "-c", text],
        env=ENVIRONMENT | variables,
        preexec_fn=lower,
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip("no namespaces here")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_this_machine_has_room() -> None:
    for found in (machine.disk(ROOT, 1), machine.memory(wanted=1), machine.clock(ROOT)):
        assert found.mark == GOOD


def test_few_open_files() -> None:
    assert "ulimit -n is 256" in _in_child("machine.files()", nofile=256)
    assert "ulimit -n is" not in _in_child("machine.files()", nofile=1024)


def test_a_full_disk(tmp_path: Path) -> None:
    mount = f'mount -t tmpfs -o size=1m none {tmp_path} && exec "$0" "$@"'
    said = _in_child(f"machine.disk(Path({str(tmp_path)!r}))", "unshare", "-m", "sh", "-c", mount)
    assert "1 MB are free" in said


def test_a_temporary_directory_without_programs(tmp_path: Path) -> None:
    mount = f'mount -t tmpfs -o noexec none {tmp_path} && exec "$0" "$@"'
    code = f"list(machine.mounts(Path({str(ROOT)!r})))"
    said = _in_child(code, "unshare", "-m", "sh", "-c", mount, TMPDIR=str(tmp_path))
    assert f"{tmp_path} is mounted noexec" in said
    assert "mark='!'" in said


def test_a_checkout_without_programs(tmp_path: Path) -> None:
    mount = f'mount -t tmpfs -o noexec none {tmp_path} && exec "$0" "$@"'
    code = f"list(machine.mounts(Path({str(tmp_path)!r})))"
    assert "mark='✗'" in _in_child(code, "unshare", "-m", "sh", "-c", mount)


def test_little_memory(tmp_path: Path) -> None:
    table = tmp_path / "meminfo"
    table.write_text("MemTotal:  2000000 kB\nMemAvailable:  100000 kB\n")
    assert "102 MB of memory" in machine.memory(table).text
    assert machine.memory(tmp_path / "none").mark == GOOD


def test_few_file_watches_are_left(tmp_path: Path) -> None:
    """The instances in use are counted for real; the limit is lowered around them."""
    libc = ctypes.CDLL(None, use_errno=True)
    opened = [libc.inotify_init1(os.O_CLOEXEC) for _ in range(2)]
    try:
        assert min(opened) >= 0
        limits = _limits(tmp_path, instances=2, watches=65536)
        assert "inotify instances are left" in machine.watchers(limits).text
        limits = _limits(tmp_path, instances=100_000, watches=65536)
        assert machine.watchers(limits).mark == GOOD
        assert "100 inotify watches" in machine.watchers(_limits(tmp_path, 100_000, 100)).text
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _limits(directory: Path, instances: int, watches: int) -> Path:
    (directory / "max_user_instances").write_text(f"{instances}\n")
    (directory / "max_user_watches").write_text(f"{watches}\n")
    return directory


def test_a_clock_before_the_last_commit(tmp_path: Path) -> None:
    late = {"GIT_COMMITTER_DATE": "2099-01-01T00:00:00Z", "GIT_AUTHOR_DATE": "2099-01-01T00:00:00Z"}
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    git = ["git", "-C", str(tmp_path), *who]
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)  # noqa: S607
    command = [*git, "commit", "-q", "--allow-empty", "-m", "later"]
    subprocess.run(command, check=True, env=os.environ | late)
    assert "before the last commit" in machine.clock(tmp_path).text


def test_a_clock_that_nothing_synchronises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "timedatectl", "echo no")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    assert wrong([machine.clock(ROOT)]) == [
        (
            "!",
            "the clock is not synchronised: tokens expire early or late",
            "sudo timedatectl set-ntp true",
        )
    ]


def test_a_terminal_without_utf_8() -> None:
    assert "marks and lines are garbled" in _in_child(
        "ascii(machine.locale())", PYTHONIOENCODING="latin-1"
    )
