"""`make demo PAUSE=1` waits for Enter between chapters on a terminal, and only there."""

import sys
from pathlib import Path

from integration.progress.watched import Watched, watched

DEMO = [sys.executable, str(Path(__file__).with_name("short_demo.py")), "--pause=1"]
NO_TERMINAL = "  PAUSE=1 waits on a terminal only; going on without pauses"


def _steps(one: Watched) -> list[str]:
    """Return what was played and typed, and each prompt, in their order."""
    lines = [line.strip() for line in one.screen]
    return [line for line in lines if line.startswith(("Enter: ", "go on")) or "played" in line]


def _play_elsewhere(directory: Path) -> list[str]:
    """Play the same demo from its start to its end without a terminal; return its lines."""
    with watched(DEMO, directory, terminal=False) as one:
        assert one.end() == 0, one.text
    return one.screen


def test_each_chapter_but_the_first_waits_for_enter(tmp_path: Path) -> None:
    """The paused demo goes no further in the time in which another is played as a whole."""
    with watched(DEMO, tmp_path, terminal=True) as one:
        one.await_text("Enter: chapter B")
        _play_elsewhere(tmp_path)
        one.type("go on 1\n")
        one.await_text("Enter: chapter C")
        _play_elsewhere(tmp_path)
        one.type("go on 2\n")
        assert one.end() == 0, one.text
    assert _steps(one) == [
        *("✓ A was played", "Enter: chapter B", "go on 1"),
        *("✓ B was played", "Enter: chapter C", "go on 2"),
        "✓ C was played",
    ]
    assert NO_TERMINAL not in one.screen


def test_ctrl_c_at_a_pause_ends_the_suite(tmp_path: Path) -> None:
    with watched(DEMO, tmp_path, terminal=True) as one:
        one.await_text("Enter: chapter B")
        _play_elsewhere(tmp_path)
        one.interrupt()
        assert one.end() == 130
    assert _steps(one) == ["✓ A was played", "Enter: chapter B"]
    assert one.screen[-3:] == [
        "the suite has ended",
        "demo: interrupted; nothing is left running",
        "",
    ]


def test_without_a_terminal_one_line_says_that_nothing_waits(tmp_path: Path) -> None:
    lines = _play_elsewhere(tmp_path)
    assert lines.count(NO_TERMINAL) == 1
    assert [line.strip() for line in lines if "played" in line] == [
        *("✓ A was played", "✓ B was played", "✓ C was played")
    ]
    assert not any("Enter" in line for line in lines)
