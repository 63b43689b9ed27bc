"""Which lines are shown: from a level on, and of one trace."""

import re
from dataclasses import dataclass

from suitectl.errors import CommandFailedError
from suitectl.logs.line import Line
from suitectl.nearest import nearest

LEVELS = {
    "trace": 5,
    "debug": 10,
    "info": 20,
    "notice": 25,
    "warning": 30,
    "error": 40,
    "critical": 50,
    "alert": 60,
    "emergency": 70,
}
"""Levels by the names of Python's `logging`, of RFC 5424, and of Spring."""
_OTHER_NAMES = {
    "informational": "info",
    "warn": "warning",
    "err": "error",
    "crit": "critical",
    "fatal": "critical",
    "emerg": "emergency",
    "panic": "emergency",
}
_TRACE_ID = re.compile(r"(?:[0-9a-f]{2}-)?([0-9a-f]{1,32})(?:-[0-9a-f]{16}-[0-9a-f]{2})?")


@dataclass(frozen=True, slots=True)
class Filters:
    """A threshold, and a trace id or its beginning; both may be left out."""

    level: str = ""
    trace: str = ""

    @classmethod
    def of(cls, level: str, trace: str) -> "Filters":
        """Read LEVEL and TRACE; raise `CommandFailedError` with the nearest level."""
        return cls(_level(level), _trace(trace))

    @property
    def choose(self) -> bool:
        """Say whether some lines are left out."""
        return bool(self.level or self.trace)

    def wants(self, line: Line) -> bool:
        """Say whether a line is shown."""
        if self.trace and not line.trace_id.startswith(self.trace):
            return False
        return not self.level or severity(line.level) >= LEVELS[self.level]


def severity(level: str) -> int:
    """Return a level as a number; an unknown one counts as `info`."""
    return LEVELS.get(_OTHER_NAMES.get(level, level), LEVELS["info"])


def _level(text: str) -> str:
    name = text.lower()
    name = _OTHER_NAMES.get(name, name)
    if name and name not in LEVELS:
        near = nearest(name, (*LEVELS, *_OTHER_NAMES))
        known = ", ".join(LEVELS)
        raise CommandFailedError(f"LEVEL={text}: no such level, nearest is {near}; use: {known}")
    return name


def _trace(text: str) -> str:
    """Return the trace id, also of a whole `traceparent` or `traceresponse` header (W3C)."""
    found = _TRACE_ID.fullmatch(text.lower())
    if text and not found:
        wanted = "a trace id or its beginning, such as 4bf92f35"
        raise CommandFailedError(f"TRACE={text}: must be {wanted}")
    return found[1] if found else ""
