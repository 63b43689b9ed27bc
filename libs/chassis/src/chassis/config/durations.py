"""Durations as people and Spring write them, held as seconds."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
# ASCII, else every script has digits and the long s is a unit.
_SIMPLE = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?", re.ASCII | re.IGNORECASE)
_ISO = re.compile(
    r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?",
    re.ASCII | re.IGNORECASE,
)
_MAX_LENGTH = 64
_LONGEST = 10 * 365 * 86400.0
"""Ten years: what is longer overflows somebody's clock."""
_HINT = "not a duration; write seconds, or 500ms, 2s, 10m, 1h, 30d, PT2S"


def seconds(value: Any) -> Any:
    """Turn a written duration into seconds; numbers are seconds already."""
    if not isinstance(value, str):
        return value
    value = _bounded(value)
    if simple := _SIMPLE.fullmatch(value):
        return float(simple[1]) * _UNITS[(simple[2] or "s").lower()]
    iso = _ISO.fullmatch(value)
    if iso is None or not any(iso.groups()):
        raise ValueError(_HINT)
    days, hours, minutes, rest = (float(part or 0) for part in iso.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + rest


def milliseconds(value: Any) -> Any:
    """Turn a written duration into seconds; numbers are milliseconds, as Spring has it."""
    bounded = _bounded(value) if isinstance(value, str) else ""
    if (simple := _SIMPLE.fullmatch(bounded)) and not simple[2]:
        return float(simple[1]) / 1000
    bare = isinstance(value, int | float) and not isinstance(value, bool)
    return value / 1000 if bare else seconds(value)


def _bounded(text: str) -> str:
    """Return the text without outer white space; a long one is no duration, whatever it holds."""
    if len(text) > _MAX_LENGTH:
        raise ValueError(_HINT)
    return text.strip()


_LIMITS = Field(ge=0, le=_LONGEST, allow_inf_nan=False)

Duration = Annotated[float, BeforeValidator(seconds), _LIMITS]
"""Seconds; reads `2`, `500ms`, `10m` and ISO 8601's `PT2S`."""

SpringDuration = Annotated[float, BeforeValidator(milliseconds), _LIMITS]
"""Seconds; like `Duration`, but a bare number is milliseconds, as in Spring's own settings."""

_MORE = Field(gt=0, le=_LONGEST, allow_inf_nan=False)

TimeOut = Annotated[float, BeforeValidator(seconds), _MORE]
"""Like `Duration`, and never 0: that would let nothing through, and means "none" elsewhere."""

SpringTimeOut = Annotated[float, BeforeValidator(milliseconds), _MORE]
"""Like `SpringDuration`, and never 0."""
