"""W3C trace context."""

import pytest

from chassis.telemetry.trace import Trace

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def test_the_callers_trace_continues_in_a_new_span() -> None:
    trace = Trace(f"00-{TRACE}-{SPAN}-00".encode())

    assert trace.trace_id == TRACE
    assert trace.span_id != SPAN
    assert trace.traceparent() == f"00-{TRACE}-{trace.span_id}-00"


def test_a_later_version_of_the_header_is_read_as_far_as_it_is_known() -> None:
    """Section 3.3: future versions may add fields."""
    assert Trace(f"cc-{TRACE}-{SPAN}-01-more".encode()).trace_id == TRACE


@pytest.mark.parametrize(
    "header",
    [
        None,
        b"",
        b"garbage",
        f"00-{'0' * 32}-{SPAN}-01".encode(),
        f"00-{TRACE}-{'0' * 16}-01".encode(),
        f"ff-{TRACE}-{SPAN}-01".encode(),
        f"00-{TRACE.upper()}-{SPAN}-01".encode(),
    ],
)
def test_a_request_without_a_valid_header_starts_a_new_trace(header: bytes | None) -> None:
    trace = Trace(header)

    assert len(trace.trace_id) == 32
    assert trace.trace_id != TRACE
    assert trace.trace_id != "0" * 32


def test_ids_do_not_change_once_read() -> None:
    trace = Trace()

    assert trace.traceparent() == f"00-{trace.trace_id}-{trace.span_id}-01"
