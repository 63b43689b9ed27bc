"""docs/design/style.md, "Errors": the tree that an `errors.py` draws is the tree of its classes."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BRANCH = re.compile(r"^([│ ]*[├└]── )?([A-Z]\w+)(?= |$)", re.MULTILINE)
MODULES = sorted(
    ".".join(path.relative_to(source).with_suffix("").parts)
    for source in ROOT.glob("*/*/src")
    for path in source.rglob("errors.py")
    if "└──" in path.read_text()
)


def drawn(text: str) -> Iterator[tuple[str, str]]:
    """Yield each class of a drawing with its parent."""
    tree = next(block for block in text.split("\n\n") if "└──" in block)
    parents: list[str] = []
    for indent, name in BRANCH.findall(tree):
        depth = len(indent) // 4
        parents[depth:] = [name]
        if depth:
            yield name, parents[depth - 1]


def test_trees_are_found() -> None:
    assert {"cas_server.errors", "chassis.errors", "suitectl.errors"} <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_each_error_is_drawn_below_its_parent(name: str) -> None:
    module = importlib.import_module(name)
    classes = [one for one in vars(module).values() if isinstance(one, type)]
    own = {one for one in classes if issubclass(one, Exception) and one.__module__ == name}
    known = {one.__name__: one for error in own for one in error.__mro__}
    tree = dict(drawn(module.__doc__ or ""))
    roots = {one.__name__ for one in own if one.__base__ is Exception}

    assert {one.__name__ for one in own} - roots == {n for n in tree if known[n] in own}
    for child, parent in tree.items():
        assert issubclass(known[child], known[parent])
        assert known[child] not in own or known[child].__base__ is known[parent]
