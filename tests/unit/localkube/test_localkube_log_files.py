"""Logs are read over restarts, cuts and deletions, and by the times that lines state."""

import contextlib
import datetime as dt
import os
import select
from collections.abc import Iterator
from pathlib import Path

import pytest

from localkube.logs.file_changes import FileChanges
from localkube.logs.line_times import since, time_of
from localkube.logs.log_file import LogFile

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogFile]:
    with contextlib.closing(LogFile(tmp_path / "web.log")) as log:
        yield log


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def test_whole_lines_are_returned_once(log: LogFile) -> None:
    assert log.added() == []
    append(log.path, "one\ntw")
    assert log.added() == ["one"]
    append(log.path, "o\nthree")
    assert log.added() == ["two"]
    assert log.rest() == ["three"]


def test_a_restarted_container_has_a_new_file(log: LogFile) -> None:
    append(log.path, "one\n")
    assert log.added() == ["one"]
    append(log.path, "last words")
    log.path.rename(log.path.with_suffix(".previous.log"))
    append(log.path, "first\n")

    assert log.added() == ["last words", "first"]


def test_the_last_lines_of_a_deleted_log_are_not_lost(log: LogFile) -> None:
    append(log.path, "one\n")
    assert log.added() == ["one"]
    append(log.path, "two\nthree\n")
    log.path.unlink()

    assert log.added() == ["two", "three"]
    assert log.rest() == []


def test_a_log_that_was_cut_continues_behind_what_stayed(log: LogFile) -> None:
    append(log.path, "one\ntwo\nthree\n")
    assert len(log.added()) == 3
    log.path.write_text("three\n")
    assert log.added() == []
    append(log.path, "four\n")

    assert log.added() == ["four"]


@pytest.mark.parametrize(
    "line",
    [
        '{"ts": "2026-01-31T12:00:00.000000Z", "message": "m"}',
        '{"time": "2026-01-31T13:00:00+01:00"}',
        "2026-01-31T12:00:00Z plain text",
        "2026-01-31 12:00:00+00:00 plain text",
    ],
)
def test_a_line_states_its_time(line: str) -> None:
    assert time_of(line) == NOON


@pytest.mark.parametrize("line", ["", "plain", "{not json", '{"ts": 5}', '{"ts": "noon"}', "[1]"])
def test_a_line_without_a_time_has_none(line: str) -> None:
    assert time_of(line) is None


def test_lines_without_a_time_belong_to_the_one_before() -> None:
    early, late = "2026-01-31T11:59:59Z a", "2026-01-31T12:00:00Z b"

    assert list(since(["?", early, " more", late, " more"], NOON)) == [late, " more"]
    assert list(since(["no", "times"], NOON)) == ["no", "times"]


@pytest.mark.skipif(not hasattr(os, "eventfd"), reason="inotify is Linux's")
def test_a_change_of_a_file_wakes_its_reader(tmp_path: Path) -> None:
    with FileChanges() as files:
        files.add(tmp_path / "missing")
        files.add(tmp_path)
        assert select.select(files.descriptors, [], [], 0)[0] == []
        append(tmp_path / "web.log", "one\n")
        assert select.select(files.descriptors, [], [], 0)[0] == list(files.descriptors)
        files.clear()
        assert select.select(files.descriptors, [], [], 0)[0] == []
