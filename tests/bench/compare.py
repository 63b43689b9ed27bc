"""Whether a table is worse than an earlier one: `make bench ARGS='--compare FILE'`.

A row has fallen where its best run is worse than the worst run of the file, and its median by more
than `NOISE`. Runs vary together when the machine is busy, and a row that is measured once has no
spread of its own.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.figures import short

NOISE = 0.03
Row = Mapping[str, Any]
Document = Mapping[str, Any]


_KEYS = ("title", "against", "unit", "as_ratio", "at_most", "target", "value", "values", "met")


class CompareError(Exception):
    """The file has no results to compare with."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The rows that fell, and what can't be compared; each one line."""

    compared: int
    fallen: Sequence[str]
    notes: Sequence[str]


def read(path: Path) -> Document:
    """Return the results of an earlier run. Raises `CompareError`."""
    try:
        document = json.loads(path.read_text())
        dict(document["machine"])
        for row in document["rows"]:
            [row[key] for key in _KEYS]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CompareError(f"{path} has no results of `make bench`: {error!r}") from None
    return dict(document)


def compare(before: Document, now: Document) -> Comparison:
    """Compare the rows that both have."""
    old, new = by_title(before), by_title(now)
    both = [(old[name], new[name]) for name in new if name in old]
    fallen = [_line(*pair) for pair in both if _has_fallen(*pair)]
    notes = [f"not in the file: {', against '.join(name)}" for name in new if name not in old]
    if unmeasured := len(old.keys() - new.keys()):
        notes.append(f"not measured now: {unmeasured} rows of the file")
    return Comparison(len(both), fallen, [*notes, *_differences(before["machine"], now["machine"])])


def _differences(before: Document, now: Document) -> Iterator[str]:
    """Yield what ratios may depend on and is different now."""
    for name in sorted(before.keys() | now.keys()):
        was, is_now = before.get(name, "missing"), now.get(name, "missing")
        if was != is_now:
            yield f"differs: {name} was {was}, is {is_now}"


def by_title(document: Document) -> Mapping[tuple[str, str], Row]:
    """Return the rows by title and what they are compared with."""
    return {(row["title"], row["against"]): row for row in document["rows"]}


def _has_fallen(old: Row, new: Row) -> bool:
    if new["at_most"]:
        apart = min(new["values"]) > max(old["values"])
        return bool(apart and new["value"] > old["value"] * (1 + NOISE))
    apart = max(new["values"]) < min(old["values"])
    return bool(apart and new["value"] < old["value"] * (1 - NOISE))


def _line(old: Row, new: Row) -> str:
    was, now = (_spread(row) for row in (old, new))
    return f"{new['title']}, against {new['against']}: was {was}, now {now}"


def _spread(row: Row) -> str:
    values = row["values"]
    return f"{short(row['value'])} ({short(min(values))}-{short(max(values))})"
