"""Values of options: selectors, durations, times."""

import argparse
import datetime as dt
import re

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}


def labels(text: str) -> dict[str, str]:
    """Read a selector of labels: `app=web,version=v1`."""
    pairs = [pair.split("=") for pair in text.replace("==", "=").split(",")]
    if any(len(pair) != 2 or "!" in pair[0] for pair in pairs):  # noqa: PLR2004  # name and value
        raise argparse.ArgumentTypeError(f"cannot read the selector {text!r}; write app=name")
    return {name: value for name, value in pairs}  # noqa: C416  # pairs of two, as was checked


def seconds(text: str) -> float:
    """Read a duration as Go does, `1h30m`; a number alone is in seconds."""
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    whole = digits if digits[-1:] in {"s", "m", "h"} else f"{digits}s"
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", whole)
    if not parts or "".join(number + unit for number, unit in parts) != whole:
        raise argparse.ArgumentTypeError(f'invalid duration "{text}"; write 30s, 5m or 1h30m')
    return sign * sum(float(number) * _UNITS[unit] for number, unit in parts)


def time(text: str) -> dt.datetime:
    """Read a time of RFC 3339."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        wanted = "write a time as RFC 3339 has it: 2026-01-31T12:00:00Z"
        raise argparse.ArgumentTypeError(f"cannot read {text!r}; {wanted}")
    return found


def truth(text: str) -> bool:
    """Read `true` or `false`."""
    if text.lower() not in {"true", "false"}:
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def words(text: str) -> list[str]:
    """Read words with commas between them."""
    return text.split(",")
