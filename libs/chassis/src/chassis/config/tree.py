"""Configuration as a tree of entries that remember where they were written.

Keys that differ in case, dashes and underscores alone are one key (Spring's relaxed binding), so
a mapping is held by canonical key; an entry keeps the name as it was written first.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was written; `literal` values hold no placeholders (mounted secrets)."""

    file: str
    line: int | None = None
    literal: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A value under a name: a mapping of entries, a list of values, or a scalar."""

    name: str
    value: Any
    origin: Origin


Tree: TypeAlias = dict[str, Entry]


def canonical(name: str) -> str:
    """Return the form in which relaxed spellings of a name are equal."""
    return name.lower().replace("-", "").replace("_", "")


def merge(base: Tree, over: Tree) -> Tree:
    """Lay a tree over another: mappings merge, anything else (lists too) is replaced whole."""
    merged = dict(base)
    absorb(merged, over)
    return merged


def absorb(tree: Tree, over: Tree) -> None:
    """Merge into the first tree itself; trees below it are copied, not changed."""
    for key, entry in over.items():
        below = tree.get(key)
        tree[key] = entry if below is None else _merged(below, entry)


def _merged(below: Entry, above: Entry) -> Entry:
    if isinstance(below.value, dict) and isinstance(above.value, dict):
        return Entry(below.name, merge(below.value, above.value), above.origin)
    return Entry(below.name, above.value, above.origin)


def nest(path: list[str], value: Any, origin: Origin) -> Tree:
    """Make a tree of one branch."""
    head, rest = path[0], path[1:]
    inner = nest(rest, value, origin) if rest else value
    return {canonical(head): Entry(head, inner, origin)}


def find(tree: Tree, path: list[str]) -> Entry | None:
    """Return the entry under a path of relaxed names."""
    entry = tree.get(canonical(path[0]))
    if entry is None or len(path) == 1:
        return entry
    return find(entry.value, path[1:]) if isinstance(entry.value, dict) else None


def remove(tree: Tree, path: list[str]) -> None:
    """Take out the entry under a path, and the mappings that are empty without it."""
    entry = tree.get(canonical(path[0]))
    if entry is None:
        return
    if len(path) > 1 and isinstance(entry.value, dict):
        remove(entry.value, path[1:])
    if len(path) == 1 or entry.value == {}:
        del tree[canonical(path[0])]


def names(tree: Mapping[str, Entry], prefix: str = "") -> Iterator[str]:
    """Yield the dotted names of all leaves."""
    for entry in tree.values():
        name = f"{prefix}{entry.name}"
        if isinstance(entry.value, dict):
            yield from names(entry.value, f"{name}.")
        else:
            yield name
