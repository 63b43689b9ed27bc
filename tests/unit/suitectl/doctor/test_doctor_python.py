"""The interpreter, pip and `.venv`, with the fault really there."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from suitectl.doctor import python
from unit.suitectl.doctor.fake_checkout import checkout, links, program, stamp, with_venv, wrong


def test_a_fresh_environment_is_well(tmp_path: Path) -> None:
    root = with_venv(checkout(tmp_path / "suite"))
    assert wrong(list(python.check(root))) == []
    assert list(python.installing(root)) == []


def test_before_setup_there_is_none(tmp_path: Path) -> None:
    ((mark, text, remedy),) = wrong(list(python.check(checkout(tmp_path / "suite"))))
    assert (mark, text) == ("!", "no .venv yet")
    assert "make setup" in remedy


def test_a_moved_checkout(tmp_path: Path) -> None:
    with_venv(checkout(tmp_path / "here")).rename(tmp_path / "there")
    found = wrong(list(python.check(tmp_path / "there")))
    assert found == [("!", ".venv was made in another folder", "make setup")]


def test_a_checkout_moved_to_the_end_of_its_own_path(tmp_path: Path) -> None:
    (tmp_path / "a/suite").mkdir(parents=True)
    root = with_venv(checkout(tmp_path / "a/suite/suite"))
    root.rename(tmp_path / "suite")
    assert wrong(list(python.check(tmp_path / "suite")))


def test_another_python_made_it(tmp_path: Path) -> None:
    root = with_venv(checkout(tmp_path / "suite"))
    (library,) = (root / ".venv/lib").iterdir()
    library.rename(library.with_name("python3.2"))
    found = wrong(list(python.check(root)))
    assert found == [("!", ".venv was made by another Python", "make setup")]


def test_its_python_is_gone(tmp_path: Path) -> None:
    root = with_venv(checkout(tmp_path / "suite"))
    (root / ".venv/bin/python").unlink()
    (root / ".venv/bin/python").symlink_to(tmp_path / "gone")
    ((_, text, remedy),) = wrong(list(python.check(root)))
    assert (text, remedy) == (".venv has a Python that is gone or older than 3.11", "make setup")


def test_changed_pins(tmp_path: Path) -> None:
    root = with_venv(checkout(tmp_path / "suite"))
    stamp(root, "dev", "constraints.txt", "constraints-dev.txt")
    assert wrong(list(python.check(root))) == []
    (root / "constraints-dev.txt").write_text("another==1\n")
    found = wrong(list(python.check(root)))
    assert found == [("!", ".venv lacks what constraints-dev.txt pins now", "make dev")]
    (root / "constraints.txt").write_text("editables==0.6 \\\n")
    found = wrong(list(python.check(root)))
    assert found == [("!", ".venv lacks what constraints.txt pins now", "make setup")]


def test_no_python_that_is_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = program(tmp_path / "bin", "python3", "exit 1")
    links(old, "sh", "dirname", "cat", "cksum")
    monkeypatch.setenv("PATH", str(old))
    monkeypatch.delenv("PYTHON", raising=False)
    found = wrong(list(python.check(checkout(tmp_path / "suite"))))
    assert ("✗", "no Python 3.11 or later", "apt install python3 python3-venv") in found


def test_a_setup_that_does_not_start(tmp_path: Path) -> None:
    root = checkout(tmp_path / "suite")
    root.joinpath("setup").write_bytes(root.joinpath("setup").read_bytes().replace(b"\n", b"\r\n"))
    ((mark, text, _),) = wrong(list(python.check(root)))
    assert mark == "✗"
    assert text.startswith("./setup does not start")


@pytest.mark.parametrize(
    ("modules", "lacks"), [("venv", "ensurepip and no pip"), ("pip ensurepip", "venv")]
)
def test_an_interpreter_without_venv_or_pip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, modules: str, lacks: str
) -> None:
    """Debian's python3 without python3-venv."""
    fake = program(tmp_path / "bin", "python", f'case "$2" in *find_spec*) echo {modules};; esac')
    monkeypatch.setenv("PYTHON", str(fake / "python"))
    ((mark, text, remedy),) = wrong(list(python.installing(checkout(tmp_path / "suite"))))
    assert (mark, text) == ("✗", f"{fake}/python has no {lacks}")
    assert remedy == "apt install python3-venv python3-pip"


def test_pip_without_network_and_with_wheels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shutil.which("pip", path=str(Path(sys.executable).parent)):
        pytest.skip("this Python has no pip")
    root = checkout(tmp_path / "suite")
    (root / "constraints.txt").write_text("editables==0.5 \\\n")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHON", sys.executable)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    ((mark, text, remedy),) = wrong(list(python.installing(root)))
    assert mark == "!"
    assert text.startswith("pip gets no packages (")
    assert "PIP_FIND_LINKS" in remedy
