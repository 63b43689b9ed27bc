"""From YAML nodes to entries that know their line."""

from collections.abc import Callable
from typing import Any

import yaml

from chassis.config.errors import ConfigError
from chassis.config.tree import Origin, Tree, absorb, canonical, nest

_STANDARD = "tag:yaml.org,2002:"
_MAX_NODES = 200_000
"""A ConfigMap holds 1 MiB at most; more nodes than this come from aliases of aliases."""


class Nodes:
    """Builds the trees of one file."""

    def __init__(self, file: str, *, literal: bool) -> None:
        self._file, self._literal = file, literal
        self._left = _MAX_NODES

    def tree(self, node: yaml.MappingNode) -> Tree:
        """Build a mapping; dotted keys nest, `<<` merges below, a key that stands twice raises."""
        tree: Tree = {}
        own: dict[str, int] = {}
        for key, value in sorted(node.value, key=_is_own_key):
            if not _is_own_key((key, value)):
                self._merge_key(tree, value)
                continue
            origin = Origin(self._file, key.start_mark.line + 1, self._literal)
            self._refuse_twice(own, key)
            absorb(tree, nest(_path(key.value), self.value(value), origin))
        return tree

    def value(self, node: yaml.Node) -> Any:
        """Build any value."""
        self._left -= 1
        if self._left < 0:
            raise self._error("holds too much: aliases of aliases?", node)
        if isinstance(node, yaml.MappingNode):
            return self.tree(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item) for item in node.value]
        if not node.tag.startswith(_STANDARD):
            raise self._error(f"has the YAML tag {node.tag}; quote the value", node)
        return _scalar(node)

    def _merge_key(self, tree: Tree, value: yaml.Node) -> None:
        sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
        for source in reversed(sources):
            if not isinstance(source, yaml.MappingNode):
                raise self._error("<< takes a mapping, or a list of mappings", value)
            absorb(tree, self.value(source))

    def _refuse_twice(self, own: dict[str, int], key: yaml.Node) -> None:
        if not isinstance(key, yaml.ScalarNode):
            raise self._error("a key has to be a name; names in brackets need quotes", key)
        line = key.start_mark.line + 1
        if (first := own.get(canonical(key.value))) is not None:
            raise self._error(f"{key.value} stands twice, first in line {first}", key)
        own[canonical(key.value)] = line

    def _error(self, reason: str, node: yaml.Node) -> ConfigError:
        return ConfigError(reason, file=self._file, line=node.start_mark.line + 1, kind="parse")


def _is_own_key(pair: tuple[yaml.Node, yaml.Node]) -> bool:
    return pair[0].tag != f"{_STANDARD}merge"


def _path(key: str) -> list[str]:
    """Split a dotted key; brackets keep one whole, as in Spring: `[my.client]`."""
    if key.startswith("[") and key.endswith("]"):
        return [key[1:-1]]
    parts = key.split(".")
    return parts if all(parts) else [key]


def _scalar(node: yaml.Node) -> Any:
    """Read what survives unchanged as number or boolean, all else as the text that stands there.

    So `0123` and `1.10` keep their digits where text is asked for, and `no` stays Norway; numbers
    and booleans are read from text where a setting asks for them.
    """
    text: str = node.value
    if getattr(node, "style", None):
        return text
    read = _READERS.get(node.tag.removeprefix(_STANDARD))
    return read(text) if read else text


def _boolean(text: str) -> Any:
    return {"true": True, "false": False}.get(text.lower(), text)


def _integer(text: str) -> Any:
    return int(text) if text.isascii() and text.isdigit() and str(int(text)) == text else text


def _decimal(text: str) -> Any:
    try:
        return float(text) if repr(float(text)) == text else text
    except ValueError:
        return text


def _null(text: str) -> None:
    del text


_READERS: dict[str, Callable[[str], Any]] = {
    "bool": _boolean,
    "int": _integer,
    "float": _decimal,
    "null": _null,
}
