"""Owners, line ends, the case of names, and git hooks."""

import os
import subprocess
from pathlib import Path

import pytest

from suitectl.doctor import checkout
from suitectl.doctor.finding import GOOD
from unit.suitectl.doctor.fake_checkout import checkout as made
from unit.suitectl.doctor.fake_checkout import wrong


def _git(root: Path, *words: str) -> None:
    subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True)  # noqa: S607


@pytest.fixture
def root(tmp_path: Path) -> Path:
    directory = made(tmp_path / "suite")
    _git(directory, "init", "-q")
    return directory


def test_a_plain_checkout_is_well(root: Path) -> None:
    assert wrong(list(checkout.check(root))) == []


def test_files_of_another_user(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 4711)
    found = checkout.owners(root)
    assert "belong to another user" in found.text
    assert found.remedy == f"sudo chown -R {os.getuid() + 4711} {root}"


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_a_file_of_root_stops_an_ordinary_user(root: Path) -> None:
    (root / ".venv").mkdir()
    (root / ".venv/pyvenv.cfg").touch(mode=0o644)
    os.chown(root, 65534, 65534)
    code = (
        "from pathlib import Path; from suitectl.doctor import checkout; "
        f"print(checkout.owners(Path({str(root)!r})))"
    )
    for directory in root.parents:
        if directory.stat().st_uid == 0 and not directory.stat().st_mode & 0o001:
            directory.chmod(directory.stat().st_mode | 0o011)
    done = subprocess.run(
        [os.path.realpath("/usr/bin/python3"), "-c", code],
        env={"PYTHONPATH": str(Path(checkout.__file__).parents[2])},
        user=65534,
        capture_output=True,
        text=True,
        check=False,
    )
    if "Permission denied" in done.stderr or "No module" in done.stderr:
        pytest.skip("the checkout of these tests is closed to other users")
    assert "✗" in done.stdout
    assert "belong to another user" in done.stdout


def test_line_ends_of_windows(root: Path) -> None:
    file = root / "localkube"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    found = checkout.line_ends(root)
    assert (found.mark, found.text) == ("✗", "localkube has the line ends of Windows")


def test_a_file_system_that_ignores_case(root: Path) -> None:
    """A second name of the same file is what such a file system shows."""
    os.link(root / "setup", root / "SETUP")
    _git(root, "config", "core.ignorecase", "false")
    ((_, text, remedy),) = wrong(list(checkout.case(root)))
    assert text.startswith("the file system ignores upper and lower case")
    assert remedy == "git config core.ignorecase true"
    _git(root, "config", "core.ignorecase", "true")
    assert list(checkout.case(root)) == []


def test_hooks(root: Path, tmp_path: Path) -> None:
    assert list(checkout.hooks(root)) == []
    (root / ".venv").mkdir()
    (root / ".venv/.dev").touch()
    assert wrong(list(checkout.hooks(root)))[0][2] == ".venv/bin/pre-commit install"
    hook = root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nINSTALL_PYTHON={tmp_path}/gone/python\n")
    hook.chmod(0o755)
    assert "gone" in wrong(list(checkout.hooks(root)))[0][1]
    hook.write_text("#!/bin/sh\nexec true\n")
    assert [one.mark for one in checkout.hooks(root)] == [GOOD]
    _git(root, "config", "core.hooksPath", str(tmp_path / "elsewhere"))
    assert wrong(list(checkout.hooks(root)))[0][1].startswith("commits run no checks")
