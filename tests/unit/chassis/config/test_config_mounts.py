"""docs/design/runtime.md, "Mounted ConfigMaps": all files are of one version."""

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from chassis.config import ConfigError
from chassis.config.mounts import fingerprint, read_mount
from chassis.testing import ConfigDirectory

FILES = 12


def _version(number: int) -> dict[str, str]:
    return {f"file-{index}.yaml": str(number) for index in range(FILES)}


def test_the_helper_writes_a_volume_as_kubelet_does(tmp_path: Path) -> None:
    volume = ConfigDirectory(tmp_path / "v", {"a": "1", "b": "1"})
    changed, same = volume.swap({"a": "2"}), volume.swap({"a": "2"})

    assert (changed, same) == (True, False)
    assert (volume.path / "a").read_text() == "2"
    assert sorted(path.name for path in volume.path.iterdir()) == [
        "..2026_01_31_12_00_00.0000000002",
        "..data",
        "a",
    ]


def test_a_read_during_swaps_is_complete_and_of_one_version(tmp_path: Path) -> None:
    """A missing file (ENOENT) and a file of the next version both cause another read."""
    volume = ConfigDirectory(tmp_path / "v", _version(0))
    stop = threading.Event()

    def swap() -> None:
        number = 0
        while not stop.wait(0.0005):
            number += 1
            volume.swap(_version(number))

    writer = threading.Thread(target=swap)
    writer.start()
    seen: list[Mapping[str, bytes]] = []
    try:
        while len(seen) < 400 or len({files["file-0.yaml"] for files in seen}) < 20:
            seen.append(read_mount(volume.path))
    finally:
        stop.set()
        writer.join()

    assert all(len(files) == FILES and len(set(files.values())) == 1 for files in seen)


def test_a_version_that_never_appears_is_a_read_error(tmp_path: Path) -> None:
    (tmp_path / "..data").symlink_to("..gone")

    with pytest.raises(ConfigError, match="changes faster than it can be read") as raised:
        read_mount(tmp_path)
    assert raised.value.kind == "read"


def test_the_fingerprint_changes_with_each_swap_and_with_each_plain_edit(tmp_path: Path) -> None:
    volume = ConfigDirectory(tmp_path / "v", {"a": "1"})
    plain = tmp_path / "plain"
    plain.mkdir()
    before = (fingerprint(volume.path), fingerprint(plain))
    volume.swap({"a": "2"})
    (plain / "a").write_text("1")

    after = (fingerprint(volume.path), fingerprint(plain))

    assert before[0] != after[0]
    assert before[1] != after[1]
    assert after == (fingerprint(volume.path), fingerprint(plain))


def test_a_missing_directory_has_no_files(tmp_path: Path) -> None:
    assert read_mount(tmp_path / "absent") == {}
    assert fingerprint(tmp_path / "absent") is None
    assert read_mount(None) == {}
