"""Rows for a terminal, and for a pipe."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

_TIMES = frozenset(("oldest", "newest", "iat", "exp", "auth_time", "seen", "signs_from"))
_TITLES = {
    "client_id": "CLIENT",
    "username": "USER",
    "iat": "ISSUED",
    "exp": "ENDS",
    "auth_time": "LOGIN",
}
_LEFT_OUT = frozenset(("jti", "aud"))
"""For the pipe alone: a table is read on 120 columns."""


def print_lines(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print one JSON object a line."""
    for row in rows:
        print(json.dumps(row))  # noqa: T201 - the result


def print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print aligned columns; times are in UTC."""
    names = list(dict.fromkeys(name for row in rows for name in row if name not in _LEFT_OUT))
    titles = [_TITLES.get(name, name.upper().replace("_", " ")) for name in names]
    cells = [titles, *([_shown(name, row.get(name, "")) for name in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells if rows else [["nothing"]]:
        padded = (cell.ljust(width) for cell, width in zip(line, widths or [0], strict=True))
        print("  ".join(padded).rstrip())  # noqa: T201 - the result


def _shown(name: str, value: object) -> str:
    if name in _TIMES and isinstance(value, int):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(value)) if value else "always"
    return str(value)
