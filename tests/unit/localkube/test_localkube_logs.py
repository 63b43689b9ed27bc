"""Logs are bounded in size."""

import os
from pathlib import Path

import pytest

from localkube.engine.pods.log_trimming import LIMIT_BYTES, REMAINING_BYTES, trim


@pytest.mark.bound("localkube-log")
def test_a_long_log_is_cut_to_its_last_lines_while_a_process_appends(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    path.touch()
    os.truncate(path, LIMIT_BYTES)
    writer = os.open(path, os.O_WRONLY | os.O_APPEND)
    os.write(writer, b"\nlast\n" * 10)

    trim(path)
    os.write(writer, b"next\n")
    os.close(writer)

    assert path.stat().st_size <= REMAINING_BYTES + 5
    assert path.read_bytes().endswith(b"\nlast\nnext\n")


def test_a_short_log_is_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    path.write_bytes(b"one\n")

    trim(path)

    assert path.read_bytes() == b"one\n"
