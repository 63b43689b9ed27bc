"""The state directory is private: mode 0700, owner checked, no symbolic link followed."""

import os
import stat
from pathlib import Path

import pytest

from localkube.control.client import Client
from localkube.control.state_directory import State
from localkube.errors import LocalkubeError

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a file away")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_a_new_directory_and_its_files_are_private(tmp_path: Path) -> None:
    state = State(tmp_path / "parent" / "state")

    state.create()
    os.close(state.open_log())

    assert _mode(state.directory) == 0o700
    assert {path.name: _mode(path) for path in state.directory.iterdir()} == {
        "lock": 0o600,
        "localkube.log": 0o600,
    }


@pytest.mark.parametrize("mode", [0o755, 0o777, 0o750])
def test_an_empty_directory_is_made_private(tmp_path: Path, mode: int) -> None:
    state = State(tmp_path / "state")
    state.directory.mkdir()
    state.directory.chmod(mode)

    state.create()

    assert _mode(state.directory) == 0o700


def test_localkubes_own_directory_is_made_private_again(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    state.create()
    state.directory.chmod(0o755)

    state.create()

    assert _mode(state.directory) == 0o700


@pytest.mark.parametrize(("mode", "name"), [(0o755, "notes"), (0o777, "lock"), (0o770, "lock")])
def test_a_directory_that_others_may_have_filled_is_refused(
    tmp_path: Path, mode: int, name: str
) -> None:
    """Its mode is not changed: root may name /tmp by mistake, which must stay accessible."""
    state = State(tmp_path / "state")
    state.directory.mkdir()
    (state.directory / name).touch()
    state.directory.chmod(mode)

    with pytest.raises(LocalkubeError, match=rf"others may use it \(mode {mode:04o}\)"):
        state.create()

    assert _mode(state.directory) == mode


@pytest.mark.parametrize("use", [State.create, State.lock, State.open_log])
def test_a_directory_behind_a_symbolic_link_is_refused(tmp_path: Path, use: object) -> None:
    State(tmp_path / "real").create()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    with pytest.raises(LocalkubeError, match="is a symbolic link; name another with --state"):
        use(State(tmp_path / "link"))  # type: ignore[operator]  # a method

    with pytest.raises(LocalkubeError, match="is a symbolic link"):
        Client(State(tmp_path / "link")).call("list", kind="pods")


@pytest.mark.parametrize("name", ["lock", "localkube.log"])
def test_a_file_behind_a_symbolic_link_is_not_opened(tmp_path: Path, name: str) -> None:
    state, victim = State(tmp_path / "state"), tmp_path / "victim"
    state.directory.mkdir(mode=0o700)
    victim.write_text("unchanged")
    (state.directory / name).symlink_to(victim)

    opens = state.create if name == "lock" else state.open_log
    with pytest.raises(LocalkubeError, match=f"{name} in the state directory is a symbolic link"):
        opens()

    assert victim.read_text() == "unchanged"


@as_root
def test_a_directory_of_another_user_is_refused(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    state.create()
    os.chown(state.directory, NOBODY, NOBODY)

    for use in (state.create, state.lock, lambda: Client(state).call("list", kind="pods")):
        with pytest.raises(LocalkubeError, match="belongs to another user"):
            use()
