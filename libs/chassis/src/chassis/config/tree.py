"""Configuration as nested mappings whose keys know how they were spelled, and values where.

Keys that differ in case, dashes and underscores alone are one key (Spring's relaxed binding). The
names of sections that an operator chooses, clients and users, are exact: see
`chassis.config.shapes`.
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
    """Where a value was written; one of a mounted Secret is `secret`, without placeholders."""

    file: str
    line: int | None = None
    secret: bool = False


class Name(str):
    """A key in the form in which its spellings are equal, and as it is `written`.

    A dict keeps the key that came first, so what is laid over it leaves the first spelling.
    """

    __slots__ = ("written",)
    written: str

    def __new__(cls, key: str, written: str) -> Self:
        """Make a name of its key and its spelling."""
        name = super().__new__(cls, key)
        name.written = written
        return name


@dataclass(frozen=True, slots=True)
class Entry:
    """A text, a list, the bytes of a Secret's file, or nothing; never shown, it may be a secret."""

    value: Any = field(repr=False)
    origin: Origin


class Tree(dict[Name, "Entry | Tree"]):
    """A mapping, and where it was written last.

    A `whole` one took the place of a value in its layer, and hides what is below that.
    """

    __slots__ = ("origin", "whole")

    def __init__(self, origin: Origin, nodes: "Mapping[Name, Entry | Tree] | None" = None) -> None:
        super().__init__(nodes or {})
        self.origin, self.whole = origin, False

    def copy(self) -> "Tree":
        """Return a tree of the same place; pydantic-settings merges into it."""
        return Tree(self.origin, self)


def canonical(name: str) -> str:
    """Return the form in which relaxed spellings of a name are equal."""
    return name.lower().replace("-", "").replace("_", "")


@functools.lru_cache(maxsize=1024)
def relaxed(written: str) -> Name:
    """Return the name of a setting."""
    return Name(canonical(written), written)


def exact(written: str) -> Name:
    """Return a name that an operator chose."""
    return Name(written, written)


def parts_of(key: str) -> list[str]:
    """Split a dotted key; brackets keep a part whole, as in Spring: `clients.[my.client].scope`."""
    if "[" in key and _BRACKETED.fullmatch(key):
        return [bracketed or plain for bracketed, plain in _PART.findall(key)]
    parts = key.split(".")
    return parts if all(parts) else [key]


def nest(path: Sequence[Name], value: Any, origin: Origin) -> Tree:
    """Make a tree of one branch."""
    *above, last = path
    if isinstance(value, Tree):
        value.origin = origin
    tree = Tree(origin, {last: value if isinstance(value, Tree) else Entry(value, origin)})
    for name in reversed(above):
        tree = Tree(origin, {name: tree})
    return tree


def absorb(tree: Tree, over: Tree, *, hiding: bool = False) -> None:
    """Lay a tree over another, and use it up: mappings merge, lists are replaced whole.

    `hiding` in a layer: what takes the place of a value is `whole` then, for the layers below.
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

    Its mappings that the other has too are written there, and those that the other replaces are
    emptied. Their names stay.
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
    """Return the keys that a path of relaxed names leads along; exact ones may have dots."""
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
    """Return the entry or tree under a path of relaxed names; None where there is none."""
    keys = locate(tree, path)
    return None if keys is None else _at(tree, keys)


def written(tree: Tree, path: Sequence[str]) -> str | None:
    """Return the last name of a path as it was written first; None where there is none."""
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
    """Take out what is under a path, and the mappings that are empty without it."""
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
