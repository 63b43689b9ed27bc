"""From YAML nodes to entries that know their line."""

from typing import Any

import yaml

from chassis.config.budget import MAX_DEPTH, Budget
from chassis.config.composing import MERGE, NULL, STANDARD
from chassis.config.errors import ConfigError
from chassis.config.shapes import item_of, lead
from chassis.config.tree import Name, Origin, Tree, absorb, nest, parts_of

_MAX_KEY = 1024
"""Characters of a key, as in YAML's own short form (YAML 1.2, 7.4.2)."""


class Nodes:
    """Builds the trees of one file.

    Scalars stay the text that stands there, so that `0123`, `1.10`, `no` and `false` keep their
    characters where text is asked for; the settings' types read numbers and switches from it.
    """

    def __init__(self, file: str, budget: Budget, *, secret: bool = False) -> None:
        self._file, self._budget, self._secret = file, budget, secret

    def tree(self, node: yaml.MappingNode, annotation: Any, depth: int = 0) -> Tree:
        """Build a mapping; dotted keys nest, `<<` merges below, a key that stands twice raises."""
        tree = Tree(self._origin(node))
        own: dict[tuple[Name, ...], int] = {}
        for key, value in sorted(node.value, key=_is_own_key):
            if not _is_own_key((key, value)):
                self._merge_key(tree, value, annotation, depth + 1)
                continue
            parts = self._parts(key)
            path, inner = lead(parts, annotation, mapping=_is_mapping(value))
            self._refuse_twice(own, key, tuple(path))
            built = self.value(value, inner, depth + len(path))
            absorb(tree, nest(path, built, self._origin(key)))
        return tree

    def value(self, node: yaml.Node, annotation: Any, depth: int = 0) -> Any:
        """Build any value."""
        size = len(node.value) if isinstance(node, yaml.ScalarNode) else 0
        self._budget.spend(self._file, node.start_mark.line + 1, text=size)
        if depth > MAX_DEPTH:
            raise ConfigError("nests too deeply", file=self._file, kind="parse")
        if isinstance(node, yaml.MappingNode):
            return self.tree(node, annotation, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, item_of(annotation), depth + 1) for item in node.value]
        if not node.tag.startswith(STANDARD):
            raise self._error("has a YAML tag, which begins with !; quote the value", node)
        return None if _is_null(node) else node.value

    def _merge_key(self, tree: Tree, value: yaml.Node, annotation: Any, depth: int) -> None:
        sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
        for source in reversed(sources):
            if not isinstance(source, yaml.MappingNode):
                raise self._error("<< takes a mapping, or a list of mappings", value)
            absorb(tree, self.value(source, annotation, depth))

    def _parts(self, key: yaml.Node) -> list[str]:
        if not isinstance(key, yaml.ScalarNode):
            raise self._error("a key has to be a name; names in brackets need quotes", key)
        if len(key.value) > _MAX_KEY:
            raise self._error(f"a key is longer than {_MAX_KEY} characters", key)
        return parts_of(key.value)

    def _refuse_twice(
        self, own: dict[tuple[Name, ...], int], key: yaml.Node, path: tuple[Name, ...]
    ) -> None:
        if (first := own.get(path)) is not None:
            raise self._error(f"{key.value} stands twice, first in line {first}", key)
        own[path] = key.start_mark.line + 1

    def _origin(self, node: yaml.Node) -> Origin:
        return Origin(self._file, node.start_mark.line + 1, self._secret)

    def _error(self, reason: str, node: yaml.Node) -> ConfigError:
        return ConfigError(reason, file=self._file, line=node.start_mark.line + 1, kind="parse")


def _is_own_key(pair: tuple[yaml.Node, yaml.Node]) -> bool:
    return pair[0].tag != MERGE


def _is_mapping(node: yaml.Node) -> bool:
    """Say whether a node is a mapping, or one whose keys are all commented out."""
    return isinstance(node, yaml.MappingNode) or _is_null(node)


def _is_null(node: yaml.Node) -> bool:
    return node.tag == NULL and not getattr(node, "style", None)
