"""JSONPath as far as `wait` and scripts use it: fields, indexes, `[*]`, and filters by a value."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from localkube.errors import UsageError

_STEP = re.compile(
    r"""\.?(?P<field>(?:\\.|[^.\[\]\\'"=(){}\s])+)     # .status or .a\.b
    |\[\s*'(?P<single>(?:\\.|[^'])*)'\s*\]             # ['name']
    |\[\s*"(?P<double>(?:\\.|[^"])*)"\s*\]             # ["name"]
    |\[\s*(?P<index>-?\d+|\*)\s*\]                     # [0], [-1], [*]
    |\[\?\(\s*@\.(?P<path>[^=!<>\s]+)\s*==\s*(?P<value>"[^"]*"|'[^']*'|[^)\s]+)\s*\)\]
    """,
    re.VERBOSE,
)
_RELAXED = re.compile(r"\s*\{?\s*\$?(?P<path>[^{}]+?)\s*\}?\s*")


@dataclass(frozen=True, slots=True)
class _Filter:
    path: str
    value: str


def find(expression: str, document: Any) -> list[Any]:
    """Return the values of an expression such as `{.status.phase}`; raise `UsageError`."""
    found = [document]
    for step in parse(expression):
        found = [inner for outer in found for inner in _inside(outer, step)]
    return found


def parse(expression: str) -> Sequence[str | int | _Filter]:
    """Read an expression, with or without braces and the first dot; raise `UsageError`."""
    relaxed = _RELAXED.fullmatch(expression)
    if relaxed is None:
        names = "'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
        raise UsageError(f"unexpected path string, expected a {names}")
    path, steps, place = relaxed["path"], [], 0
    while place < len(path):
        match = _STEP.match(path, place)
        if match is None:
            raise UsageError(f"cannot read the JSONPath {expression!r} from {path[place:]!r} on")
        steps.append(_step(match))
        place = match.end()
    return steps


def text_of(value: Any) -> str:
    """Return a value as JSONPath prints it; raise `UsageError` for objects and lists."""
    if isinstance(value, dict | list):
        raise UsageError("jsonpath leads to a nested object or list which is not supported")
    return value.strip() if isinstance(value, str) else json.dumps(value)


def _step(match: re.Match[str]) -> str | int | _Filter:
    if match["path"]:
        return _Filter(match["path"], match["value"].strip("\"'"))
    if match["index"]:
        return "*" if match["index"] == "*" else int(match["index"])
    name = match["field"] or match["single"] or match["double"] or ""
    return re.sub(r"\\(.)", r"\1", name)


def _inside(value: Any, step: str | int | _Filter) -> Iterator[Any]:
    if isinstance(step, _Filter):
        yield from (one for one in _elements(value) if _is(one, step))
    elif isinstance(step, int):
        if isinstance(value, list) and -len(value) <= step < len(value):
            yield value[step]
    elif step == "*":
        yield from _elements(value)
    elif isinstance(value, dict) and step in value:
        yield value[step]


def _elements(value: Any) -> Sequence[Any]:
    return (
        list(value.values())
        if isinstance(value, dict)
        else value
        if isinstance(value, list)
        else []
    )


def _is(element: Any, wanted: _Filter) -> bool:
    values = find(f".{wanted.path}", element)
    return any(not isinstance(v, dict | list) and text_of(v) == wanted.value for v in values)
