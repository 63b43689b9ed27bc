"""Times as people read them; without JavaScript a page does not know the reader's time zone."""

import time
from datetime import UTC, datetime

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def date_and_time(seconds: int) -> str:
    """Return such as `27 November 2026, 10:46 UTC`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def date(seconds: int) -> str:
    """Return such as `27 November 2026`."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment.day} {moment:%B %Y}"


def iso(seconds: int) -> str:
    """Return the same for programs (HTML, 4.5.14)."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def ago(seconds: int) -> str:
    """Return such as `5 minutes ago`."""
    passed = int(time.time()) - seconds
    if passed < _MINUTE:
        return "just now"
    for size, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if passed >= size:
            return f"{counted(passed // size, name)} ago"
    return "just now"


def waiting_time(seconds: int) -> str:
    """Return such as `2 minutes`; never less than has to be waited."""
    if seconds <= _MINUTE:
        return counted(max(seconds, 1), "second")
    return counted(-(-seconds // _MINUTE), "minute")


def counted(number: int, name: str) -> str:
    """Return such as `1 hour` and `2 hours`."""
    return f"{number} {name}{'' if number == 1 else 's'}"
