"""Which lines `make logs` shows, and how they look on a terminal and to a program."""

import io
import json
import sys
from typing import Any

import pytest
from rich.console import Console

from suitectl.errors import CommandFailedError
from suitectl.logs import display as displays
from suitectl.logs.display import display
from suitectl.logs.filters import Filters
from suitectl.logs.line import Line
from suitectl.platform.pod import Pod

POD = Pod(
    {
        "metadata": {
            "name": "web-v1-deployment-7sbjhncx7p-hgp4n",
            "namespace": "shop",
            "labels": {"app": "web", "version": "v1"},
        },
        "status": {},
        "spec": {},
    }
)
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def line(text: str = "plain", **record: Any) -> Line:
    return Line.of(POD, "web", json.dumps(record) if record else text)


@pytest.mark.parametrize("level", ["warning", "WARN", "Warning"])
def test_a_level_is_a_threshold_in_any_case(level: str) -> None:
    filters = Filters.of(level, "")

    wanted = [
        one for one in ("debug", "info", "warning", "ERROR") if filters.wants(line(level=one))
    ]

    assert wanted == ["warning", "ERROR"]


@pytest.mark.parametrize("level", ["emerg", "alert", "crit", "err", "notice", "debug", "CRITICAL"])
def test_the_names_of_rfc_5424_and_of_logging_are_known(level: str) -> None:
    assert Filters.of(level, "").wants(line(level="emergency"))


def test_a_line_without_a_level_counts_as_info() -> None:
    assert Filters.of("info", "").wants(line("Traceback: plain text"))
    assert not Filters.of("warn", "").wants(line("plain text"))
    assert Filters.of("info", "").wants(line(level="custom"))


@pytest.mark.parametrize(
    "trace", [TRACE, TRACE[:8], TRACE.upper(), f"00-{TRACE}-00f067aa0ba902b7-01"]
)
def test_a_trace_is_an_id_its_beginning_or_a_header(trace: str) -> None:
    filters = Filters.of("", trace)

    assert filters.wants(line(trace_id=TRACE))
    assert not filters.wants(line(trace_id="a" * 32))
    assert not filters.wants(line())


@pytest.mark.parametrize(
    ("level", "trace", "message"),
    [
        ("wran", "", "LEVEL=wran: no such level, nearest is warn; use: trace, debug, info,"),
        ("", "xyz", "TRACE=xyz: must be a trace id or its beginning, such as 4bf92f35"),
        ("", "a" * 33, "must be a trace id"),
    ],
)
def test_a_wrong_filter_is_one_line(level: str, trace: str, message: str) -> None:
    with pytest.raises(CommandFailedError) as failed:
        Filters.of(level, trace)
    assert message in str(failed.value)
    assert "\n" not in str(failed.value)


def test_a_program_gets_a_json_line_per_record(capsys: pytest.CaptureFixture[str]) -> None:
    show = display()
    show(line(level="info", message="stärted", pod="not this one"))
    show(line("no JSON"))
    show(line("[1]"))

    records = [json.loads(text) for text in capsys.readouterr().out.splitlines()]

    place = {"pod": POD.name, "namespace": "shop", "container": "web"}
    assert records == [
        {**place, "level": "info", "message": "stärted"},
        {**place, "message": "no JSON"},
        {**place, "message": "[1]"},
    ]


def shown(monkeypatch: pytest.MonkeyPatch, *lines: Line, colour: bool = False) -> str:
    """Return what a terminal shows."""
    out = io.StringIO()
    made = Console(file=out, width=80, highlight=False, force_terminal=True, no_color=not colour)
    monkeypatch.setattr(displays, "console", lambda: made)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    show = display()
    for one in lines:
        show(one)
    return out.getvalue()


def test_a_terminal_shows_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(
        monkeypatch,
        line(
            level="warning",
            ts="2026-01-31T12:00:01.234567Z",
            logger="chassis.client",
            service="web",
            message="retry",
            trace_id=TRACE,
            attempt=2,
            to="cas",
        ),
        line(ts="2026-01-31T12:00:02.000000Z", level="error", message="no", exception="A:\n  b"),
        line("plain"),
    )

    plain = text.replace("\033[2m", "").replace("\033[1m", "").replace("\033[0m", "")
    assert plain.splitlines() == [
        "12:00:01.234 web-v1/hgp4n warning chassis.client: retry attempt=2 to=cas trace=4bf92f35",
        "12:00:02.000 web-v1/hgp4n error   no",
        "  A:",
        "    b",
        "web-v1/hgp4n plain",
    ]


def test_each_pod_has_a_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    other = Pod(
        {**POD.document, "metadata": {**POD.document["metadata"], "name": "web-v1-x-zzzzz"}}
    )
    lines = (line(), Line.of(other, "web", "plain"), line())

    coloured = [text.split("m")[0] for text in shown(monkeypatch, *lines, colour=True).splitlines()]

    assert coloured[0] == coloured[2] != coloured[1]


def test_a_log_cannot_control_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(
        monkeypatch,
        line("\033]0;title\007 \x9b31m"),
        Line.of(POD, "web", '{"message": "a\\u001b[2Jb", "\\u001bc": 1}'),
    )

    assert "\033]" not in text
    assert "\033[2J" not in text
    assert "\033c" not in text
    assert "\x9b" not in text
    assert "␛]0;title␇" in text
