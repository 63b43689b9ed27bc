"""What is shown of steps, on a virtual clock: no silence on a terminal, none in a log."""

import io
import itertools
import re
import sys
from collections.abc import Iterator

import pytest

from localkube import display as module
from localkube.display import LINE_EVERY_S, Display, elapsed, fitted
from localkube.progress import handed_over, observed, step

TICK_S = 0.125
SILENCE_S = 2.0
"""The longest silence on a terminal."""


class Screen(io.StringIO):
    """Records what is written and when, and what a terminal of one line shows of it."""

    encoding = "utf-8"

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.written: list[tuple[float, str]] = []

    def write(self, text: str) -> int:
        self.written.append((self.now, text))
        return super().write(text)

    @property
    def shown(self) -> list[str]:
        lines = [""]
        for part in re.split(r"(\r\033\[K|\n)", self.getvalue()):
            if part == "\n":
                lines.append("")
            elif part == "\r\033[K":
                lines[-1] = ""
            else:
                lines[-1] += part
        return lines

    def largest_gap(self) -> float:
        times = [0.0, *(time for time, _ in self.written), self.now]
        return max(later - earlier for earlier, later in itertools.pairwise(times))


def _display(screen: Screen, *, live: bool) -> Display:
    return Display(screen, live=live, clock=lambda: screen.now)


def _pass(screen: Screen, shown: Display, seconds: float) -> None:
    for _ in range(round(seconds / TICK_S)):
        screen.now += TICK_S
        shown.tick()


@pytest.fixture(autouse=True)
def defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROGRESS_EVERY", raising=False)
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def screen() -> Screen:
    return Screen()


def test_a_log_has_a_line_at_the_start_at_the_end_and_every_ten_seconds(screen: Screen) -> None:
    shown = _display(screen, live=False)
    one = shown.begin("building")
    _pass(screen, shown, 34)
    shown.end(one, "done")
    assert screen.getvalue().splitlines() == [
        "building …",
        "building … 10 s",
        "building … 20 s",
        "building … 30 s",
        "building: done, 34 s",
    ]
    assert screen.largest_gap() <= LINE_EVERY_S + 2 * TICK_S


@pytest.mark.parametrize("quiet", [True, False])
def test_a_terminal_is_never_silent_for_two_seconds(screen: Screen, *, quiet: bool) -> None:
    shown = _display(screen, live=True)
    one = shown.begin("building", quiet=quiet)
    _pass(screen, shown, 95)
    assert screen.shown[-1].endswith(" building  1 min 35 s")
    shown.end(one, "done")
    assert screen.largest_gap() < SILENCE_S
    assert screen.shown == ([""] if quiet else ["building: done, 1 min 35 s", ""])


def test_the_innermost_step_and_its_detail_are_shown(screen: Screen) -> None:
    shown = _display(screen, live=True)
    outer = shown.begin("deploying")
    inner = shown.begin("waiting")
    inner.say("1 of 3\n")
    _pass(screen, shown, 1)
    assert screen.shown[-1][2:] == "waiting: 1 of 3  1 s"
    shown.end(inner, "done")
    _pass(screen, shown, 1)
    assert screen.shown[-1][2:] == "deploying  2 s"
    shown.end(outer, "done")
    assert screen.shown == [""]


def test_other_output_stands_on_lines_of_its_own(screen: Screen) -> None:
    shown = _display(screen, live=True)
    shown.begin("deploying")
    _pass(screen, shown, 1)
    with shown.output("a result\n"):
        screen.write("a result\n")
    assert screen.shown == ["a result", ""]
    _pass(screen, shown, 1)
    assert screen.shown[-1][2:] == "deploying  2 s"


def test_behind_a_prompt_nothing_is_drawn(screen: Screen) -> None:
    shown = _display(screen, live=True)
    shown.begin("demo")
    with shown.output("press Enter "):
        screen.write("press Enter ")
    _pass(screen, shown, 30)
    assert screen.shown == ["press Enter "]


def test_nothing_is_shown_while_another_program_has_the_terminal(screen: Screen) -> None:
    shown = _display(screen, live=True)
    shown.begin("up")
    _pass(screen, shown, 1)
    with shown.held():
        assert screen.shown == [""]
        _pass(screen, shown, 30)
        assert screen.shown == [""]
    _pass(screen, shown, 1)
    assert screen.shown[-1]


@pytest.mark.parametrize("columns", range(1, 130, 3))
def test_a_line_never_reaches_the_last_column(columns: int) -> None:
    line = fitted("⠋", "waiting for a Deployment with a long name\nand more", 75, columns)
    assert len(line) < columns
    assert "\n" not in line


def test_a_narrow_terminal_shows_the_time(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "9")
    shown = _display(screen, live=True)
    shown.begin("waiting for a Deployment with a long name")
    _pass(screen, shown, 5)
    assert screen.shown == ["5 s"]


def test_nothing_is_coloured_and_the_cursor_stays_visible(screen: Screen) -> None:
    shown = _display(screen, live=True)
    one = shown.begin("building")
    _pass(screen, shown, 12)
    shown.end(one, "failed")
    assert set(re.findall(r"\033\[[^A-Za-z]*[A-Za-z]", screen.getvalue())) == {"\033[K"}
    assert screen.shown == ["building: failed, 12 s", ""]


def test_without_utf_8_all_is_ascii(screen: Screen) -> None:
    screen.encoding = "ascii"
    for live in (True, False):
        shown = _display(screen, live=live)
        one = shown.begin("building")
        _pass(screen, shown, 12)
        shown.end(one, "done")
    assert screen.getvalue().isascii()


def test_a_reader_that_has_left_stops_no_work(screen: Screen) -> None:
    screen.close()
    shown = _display(screen, live=False)
    shown.end(shown.begin("building"), "done")


@pytest.mark.parametrize(("every", "seconds"), [("60", 60.0), ("x", 10.0), ("", 10.0), ("0", 0.1)])
def test_the_seconds_between_lines_of_a_log(
    monkeypatch: pytest.MonkeyPatch, every: str, seconds: float
) -> None:
    monkeypatch.setenv("PROGRESS_EVERY", every)
    assert module.line_every() == seconds


def test_seconds_and_minutes() -> None:
    assert [elapsed(one) for one in (0.4, 59.9, 60, 3725)] == [
        "0 s",
        "59 s",
        "1 min 0 s",
        "62 min 5 s",
    ]


@pytest.fixture
def streams() -> Iterator[tuple[object, object]]:
    before = sys.stdout, sys.stderr
    yield before
    assert (sys.stdout, sys.stderr) == before


@pytest.mark.usefixtures("streams")
def test_a_step_that_fails_says_so_and_gives_the_streams_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen: list[str] = []

    def run() -> None:
        with step("one") as say:
            say("a detail")
            sys.stdout.write("a result\n")
        with handed_over(), step("two"):
            raise KeyboardInterrupt

    with observed(seen.append), pytest.raises(KeyboardInterrupt), step("outer", quiet=True):
        run()
    captured = capsys.readouterr()
    assert captured.out == "a result\n"
    assert captured.err.splitlines() == ["one …", "one: done, 0 s"]
    assert seen == ["one …", "one: done, 0 s", "two …", "two: failed, 0 s"]
