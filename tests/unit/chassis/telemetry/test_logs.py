"""JSON logs."""

import json
import logging
from collections.abc import Callable

import pytest
import structlog

from chassis.telemetry.logs import MAX_LINE, configure_logs, set_levels
from chassis.telemetry.trace import Trace, current_trace

Written = Callable[[], list[dict[str, object]]]


def test_a_line_is_json_with_the_documented_fields(
    written: Written,
) -> None:
    configure_logs("sample")
    trace = current_trace.set(Trace())
    structlog.get_logger("orders").info("order placed", count=2)
    current_trace.reset(trace)
    (line,) = written()

    assert line["level"] == "info"
    assert line["logger"] == "orders"
    assert line["message"] == "order placed"
    assert line["service"] == "sample"
    assert line["count"] == 2
    assert len(str(line["trace_id"])) == 32
    assert line["ts"]


def test_log_lines_of_libraries_have_the_same_format(written: Written) -> None:
    configure_logs("sample")
    logging.getLogger("library").warning("%s of %s", 1, 2)
    (line,) = written()

    assert line["message"] == "1 of 2"
    assert line["logger"] == "library"
    assert line["service"] == "sample"


def test_an_exception_is_part_of_its_line(written: Written) -> None:
    configure_logs("sample")
    try:
        int("no number")
    except ValueError:
        structlog.get_logger("orders").exception("failed")
    (line,) = written()

    assert "ValueError: invalid literal" in str(line["exception"])


def test_levels_follow_the_configuration(written: Written) -> None:
    """`logging.level`, Spring's names included."""
    configure_logs("sample")
    set_levels({"root": "warn", "orders.detail": "TRACE"})
    structlog.get_logger("orders").info("not this")
    structlog.get_logger("orders.detail").debug("this")
    set_levels({})
    structlog.get_logger("orders.detail").debug("nor this")

    assert [line["message"] for line in written()] == ["this"]


@pytest.mark.bound("log-line")
@pytest.mark.parametrize(
    "text", ["x" * 1_000_000, "\x00" * 100_000, "\n" * 20_000, "ü\ud800" * 50_000]
)
def test_a_line_is_never_longer_than_container_runtimes_accept(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    """The line is still JSON and names the event's logger."""
    configure_logs("sample")
    structlog.get_logger("orders").warning(
        "begin" + text, count=2, items=[text, text], one=text, two=text, three=text
    )
    out = capsys.readouterr().out
    line = json.loads(out)

    assert len(out.encode()) <= MAX_LINE + 1
    assert (line["logger"], line["level"], line["count"]) == ("orders", "warning", 2)
    assert line["message"].startswith("begin")


def test_a_long_traceback_is_shortened_in_its_middle(written: Written) -> None:
    configure_logs("sample")
    nothing: dict[str, int] = {}
    try:
        nothing["x" * 100_000 + "the reason"]
    except KeyError:
        structlog.get_logger("orders").exception("failed")
    (line,) = written()

    assert str(line["exception"]).startswith("Traceback")
    assert str(line["exception"]).endswith("the reason'")


@pytest.mark.parametrize("off", ["OFF", "off", "false", "False"])
def test_the_level_off_disables_a_logger(written: Written, off: str) -> None:
    """Spring accepts `false` as well, since YAML 1.1 reads an unquoted `off` as false."""
    configure_logs("sample")
    set_levels({"root": off})
    structlog.get_logger("orders").critical("not even this")

    assert written() == []
