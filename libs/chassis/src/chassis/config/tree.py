"""Configuration as a tree of entries that remember where they were written.

Keys that differ in case, dashes and underscores alone are one key (Spring's relaxed binding), so
a mapping is held by canonical key; an entry keeps the name as it was written first. The names of
sections that an operator chooses, clients and users, are exact: see `chassis.config.shapes`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

_BRACKETED = re.compile(r"(?:\[[^\]]+\]|[^.\[\]]+)(?:\.(?:\[[^\]]+\]|[^.\[\]]+))*")
_PART = re.compile(r"\[([^\]]+)\]|([^.\[\]]+)")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was written; one of a mounted Secret is `secret`, without placeholders."""

    file: str
    line: int | None = None
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A value under a name: a mapping of entries, a list of values, or a text."""

    name: str
    value: Any
    origin: Origin


Tree: TypeAlias = dict[str, Entry]

Step: TypeAlias = tuple[str, str]
"""The key under which an entry is held, and its name as written."""


def canonical(name: str) -> str:
    """Return the form in which relaxed spellings of a name are equal."""
    return name.lower().replace("-", "").replace("_", "")


def parts_of(key: str) -> list[str]:
    """Split a dotted key; brackets keep a part whole, as in Spring: `clients.[my.client].scope`."""
    if "[" in key and _BRACKETED.fullmatch(key):
        return [bracketed or plain for bracketed, plain in _PART.findall(key)]
    parts = key.split(".")
    return parts if all(parts) else [key]


def absorb(tree: Tree, over: Tree) -> None:
    """Lay a tree over another, and use it up: mappings merge, lists are replaced whole."""
    for key, entry in over.items():
        below = tree.get(key)
        if below is None:
            tree[key] = entry
        elif isinstance(below.value, dict) and isinstance(entry.value, dict):
            absorb(below.value, entry.value)
            tree[key] = Entry(below.name, below.value, entry.origin)
        else:
            tree[key] = Entry(below.name, entry.value, entry.origin)


def nest(steps: Sequence[Step], value: Any, origin: Origin) -> Tree:
    """Make a tree of one branch."""
    for key, name in reversed(steps):
        value = {key: Entry(name, value, origin)}
    branch: Tree = value
    return branch


def find(tree: Tree, path: Sequence[str]) -> Entry | None:
    """Return the entry under a path of relaxed names; an exact name may have dots of its own."""
    for length in range(1, len(path) + 1):
        entry = tree.get(".".join(path[:length]))
        if entry is None and length == 1:
            entry = tree.get(canonical(path[0]))
        if entry is not None and length == len(path):
            return entry
        if entry is not None and isinstance(entry.value, dict):
            found = find(entry.value, path[length:])
            if found is not None:
                return found
    return None


def remove(tree: Tree, path: Sequence[str]) -> None:
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
