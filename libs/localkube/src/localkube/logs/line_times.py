"""The time that a line states itself: localkube's logs have no times of their own."""

import datetime as dt
import json
import re
from collections.abc import Iterator, Sequence

_FIELDS = ("ts", "time", "timestamp", "@timestamp")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")


def since(lines: Sequence[str], earliest: dt.datetime) -> Iterator[str]:
    """Yield the lines from a time on; a line without a time belongs to the one before it.

    A log in which no line states a time is yielded whole.
    """
    times = [time_of(line) for line in lines]
    shown = not any(times)
    for line, time in zip(lines, times, strict=True):
        shown = shown if time is None else time >= earliest
        if shown:
            yield line


def time_of(line: str) -> dt.datetime | None:
    """Return the time of a line of JSON, or that at the start of a line of text (RFC 3339)."""
    text = line
    if line.startswith("{"):
        try:
            record = json.loads(line)
        except ValueError:
            return None
        text = next((str(record[field]) for field in _FIELDS if field in record), "")
    found = _RFC3339.match(text)
    return dt.datetime.fromisoformat(found[0]) if found else None
