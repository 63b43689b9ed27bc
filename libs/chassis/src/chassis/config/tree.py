"""Configuration as nested mappings: keys know their spelling, values their file and line.

Keys that differ only in case, dashes and underscores are equal (Spring's relaxed binding). Names
that an operator chooses, of clients and users, are exact (`chassis.config.shapes`).
"""

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

_BRACKETED = re.compile(r"(?:\[[^\]]+\]|[^.\[\]]+)(?:\.(?:\[[^\]]+\]|[^.\[\]]+))*")
_PART = re.compile(r"\[([^\]]+)\]|([^.\[\]]+)")


@dataclass(frozen=True, slots=True)
class Origin:
    """The place of a value; `secret` in a mounted Secret, where placeholders are not resolved."""

    file: str
    line: int | None = None
    secret: bool = False


class Name(str):
    """A key whose spellings compare equal, and its spelling as `written`.

    A dict keeps its first key, so that overlays do not change the spelling.
    """

    __slots__ = ("written",)
    written: str

    def __new__(cls, key: str, written: str) -> Self:
        """Create a name from its key and its spelling."""
        name = super().__new__(cls, key)
        name.written = written
        return name


@dataclass(frozen=True, slots=True)
class Entry:
    """A string, a list, the bytes of a Secret's file, or None; hidden in repr."""

    value: Any = field(repr=False)
    origin: Origin


class Tree(dict[Name, "Entry | Tree"]):
    """A mapping and its last place; a `whole` one replaced a value and hides weaker layers."""

    __slots__ = ("origin", "whole")

    def __init__(self, origin: Origin, nodes: "Mapping[Name, Entry | Tree] | None" = None) -> None:
        super().__init__(nodes or {})
        self.origin, self.whole = origin, False

    def copy(self) -> "Tree":
        """Return a copy with the same place; pydantic-settings merges into it."""
        return Tree(self.origin, self)


def canonical(name: str) -> str:
    """Return the form in which all relaxed spellings of a name are equal."""
    return name.lower().replace("-", "").replace("_", "")


@functools.lru_cache(maxsize=1024)
def relaxed(written: str) -> Name:
    """Return the name of a setting."""
    return Name(canonical(written), written)


def exact(written: str) -> Name:
    """Return a name that an operator chose."""
    return Name(written, written)


def parts_of(key: str) -> list[str]:
    """Split a dotted key; brackets protect a part, as in Spring: `clients.[my.client].scope`."""
    if "[" in key and _BRACKETED.fullmatch(key):
        return [bracketed or plain for bracketed, plain in _PART.findall(key)]
    parts = key.split(".")
    return parts if all(parts) else [key]


def nest(path: Sequence[Name], value: Any, origin: Origin) -> Tree:
    """Return a tree with one branch."""
    *above, last = path
    if isinstance(value, Tree):
        value.origin = origin
    tree = Tree(origin, {last: value if isinstance(value, Tree) else Entry(value, origin)})
    for name in reversed(above):
        tree = Tree(origin, {name: tree})
    return tree


def absorb(tree: Tree, over: Tree, *, hiding: bool = False) -> None:
    """Overlay a tree with another, which is consumed: mappings merge, lists are replaced.

    `hiding` marks mappings that replace a value as `whole`, for the layers below.
    """
    for name, node in over.items():
        below = tree.get(name)
        if isinstance(below, Tree) and isinstance(node, Tree):
            absorb(below, node, hiding=hiding)
            below.origin = node.origin
        else:
            if hiding and isinstance(node, Tree):
                node.whole = below is not None
            tree[name] = node


def give_way(tree: Tree, over: Tree) -> None:
    """Prepare a tree to be merged below another.

    Mappings in both get the other's place, and those that the other replaces are emptied. Their
    names stay.
    """
    for name in tree.keys() & over.keys():
        below, above = tree[name], over[name]
        if isinstance(below, Tree):
            if isinstance(above, Tree) and not above.whole:
                below.origin = above.origin
                give_way(below, above)
            else:
                tree[name] = Entry(None, above.origin)


def locate(tree: Tree, path: Sequence[str]) -> list[str] | None:
    """Return the keys along a path of relaxed names; exact names may contain dots."""
    for length in range(1, len(path) + 1):
        key = ".".join(path[:length])
        if length == 1 and key not in tree:
            key = canonical(key)
        node = tree.get(key)  # type: ignore[call-overload]  # a Name equals its key
        if node is not None and length == len(path):
            return [key]
        if isinstance(node, Tree) and (rest := locate(node, path[length:])) is not None:
            return [key, *rest]
    return None


def find(tree: Tree, path: Sequence[str]) -> Any:
    """Return the entry or tree under a path of relaxed names, or None."""
    keys = locate(tree, path)
    return None if keys is None else _at(tree, keys)


def written(tree: Tree, path: Sequence[str]) -> str | None:
    """Return the first spelling of a path's last name, or None."""
    if (keys := locate(tree, path)) is None:
        return None
    beside: Tree = _at(tree, keys[:-1])
    return next(name.written for name in beside if name == keys[-1])


def _at(tree: Tree, keys: Sequence[str]) -> Any:
    node: Any = tree
    for key in keys:
        node = node[key]
    return node


def remove(tree: Tree, path: Sequence[str]) -> None:
    """Delete the node under a path, and its parents that become empty."""
    key = relaxed(path[0])
    node = tree.get(key)
    if node is None:
        return
    if len(path) > 1 and isinstance(node, Tree):
        remove(node, path[1:])
    if len(path) == 1 or node == {}:
        del tree[key]


def names(tree: Tree, prefix: str = "") -> Iterator[str]:
    """Yield the dotted names of all entries."""
    for name, node in tree.items():
        if isinstance(node, Tree):
            yield from names(node, f"{prefix}{name.written}.")
        else:
            yield f"{prefix}{name.written}"
