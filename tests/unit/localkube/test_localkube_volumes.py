"""docs/design/runtime.md, "Mounted ConfigMaps": volumes are written as by kubelet."""

from pathlib import Path

from localkube.engine.pods.volumes import Mounts, publish


def test_files_are_links_through_data(tmp_path: Path) -> None:
    publish(tmp_path, {"a.yaml": b"1"})

    assert str((tmp_path / "a.yaml").readlink()) == "..data/a.yaml"
    assert (tmp_path / "..data").readlink().name.startswith("..2")
    assert (tmp_path / "a.yaml").read_text() == "1"


def test_a_change_replaces_all_files_and_removes_the_old_directory(tmp_path: Path) -> None:
    publish(tmp_path, {"a": b"1", "gone": b"x"})
    before = (tmp_path / "..data").resolve()

    assert publish(tmp_path, {"a": b"2", "b": b"3"})

    assert not before.exists()
    visible = sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith(".."))
    assert visible == ["a", "b"]
    assert [(tmp_path / name).read_text() for name in visible] == ["2", "3"]


def test_identical_content_writes_nothing(tmp_path: Path) -> None:
    publish(tmp_path, {"a": b"1"})
    before = (tmp_path / "..data").readlink()

    assert not publish(tmp_path, {"a": b"1"})
    assert (tmp_path / "..data").readlink() == before


def test_an_empty_source_is_an_empty_directory(tmp_path: Path) -> None:
    publish(tmp_path, {})

    assert [p.name for p in (tmp_path / "..data").iterdir()] == []


def test_files_have_the_given_mode(tmp_path: Path) -> None:
    publish(tmp_path, {"private": b"k"}, 0o400)

    assert (tmp_path / "private").stat().st_mode & 0o777 == 0o400


def test_mount_paths_are_replaced_only_as_whole_paths() -> None:
    mounts = Mounts({"/etc/suite": Path("/here/a"), "/etc/suite/config": Path("/here/b")})

    assert mounts.rewrite("/etc/suite/config/x.yaml") == "/here/b/x.yaml"
    assert mounts.rewrite("--dir=/etc/suite") == "--dir=/here/a"
    assert mounts.rewrite("cat '/etc/suite/config' /etc/suite/y") == "cat '/here/b' /here/a/y"
    for untouched in ("/etc/suited", "/opt/etc/suite", "/etc/suite-old", "http://x"):
        assert mounts.rewrite(untouched) == untouched
