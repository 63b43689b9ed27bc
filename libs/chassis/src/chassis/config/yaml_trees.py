"""Parse YAML into trees with line numbers, within limits on depth and size."""

from typing import Any

import yaml
from yaml._yaml import CParser

from chassis.config.budget import MAX_DEPTH, Budget
from chassis.config.errors import ConfigError
from chassis.config.shapes import item_of, lead
from chassis.config.tree import Name, Origin, Tree, absorb, nest, parts_of

_STANDARD = "tag:yaml.org,2002:"
NULL, _MERGE = f"{_STANDARD}null", f"{_STANDARD}merge"
_TEXT, _GROUP = f"{_STANDARD}str", f"{_STANDARD}map"
_PLAIN = dict.fromkeys(("", "~", "null", "Null", "NULL"), NULL) | {"<<": _MERGE}
"""The plain scalars that are not strings; numbers and booleans stay strings here."""
_MAX_KEY = 1024
"""Characters of a key, as for YAML's implicit keys (YAML 1.2, 7.4.2)."""


def decoded(content: bytes, file: str) -> str:
    """Return the text; raise `ConfigError` if it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError("not UTF-8 text", file=file, kind="parse") from None


def compose(file: str, text: str, budget: Budget) -> list[yaml.Node]:
    """Return the root of each document; raise `ConfigError` for invalid YAML."""
    try:
        return _Composer(file, text, budget).documents()
    except yaml.MarkedYAMLError as error:
        reason = f"invalid YAML: {error.problem}"
        raise ConfigError(reason, file=file, line=_line(error), kind="parse") from None
    except yaml.YAMLError:
        # A reader error quotes the surrounding text, which may be a secret.
        reason = "invalid YAML: a character is not allowed"
        raise ConfigError(reason, file=file, kind="parse") from None


class _Composer(CParser):
    """Compose events within the budget; CParser's own composer has no limits."""

    def __init__(self, file: str, text: str, budget: Budget) -> None:
        super().__init__(text)
        self._file, self._budget = file, budget
        self._anchors: dict[str, yaml.Node] = {}

    def documents(self) -> list[yaml.Node]:
        """Return the root of each document."""
        roots: list[yaml.Node] = []
        while not isinstance(event := self.get_event(), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                self._anchors.clear()
                roots.append(self._node(self.get_event(), 1))
        return roots

    def _node(self, event: Any, depth: int) -> yaml.Node:
        self._budget.spend(self._file, event.start_mark.line + 1)
        if depth > MAX_DEPTH:
            raise ConfigError("nests too deeply", file=self._file, kind="parse")
        if isinstance(event, yaml.AliasEvent):
            return self._anchored(event)
        if not isinstance(event, yaml.ScalarEvent):
            return self._collection(event, depth)
        tag = _tag(event, _PLAIN.get(event.value, _TEXT) if event.implicit[0] else _TEXT)
        begin: Any = event.start_mark
        node = yaml.ScalarNode(tag, event.value, begin, begin, event.style)
        return self._remembered(event, node)

    def _collection(self, event: Any, depth: int) -> yaml.Node:
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        kind = yaml.MappingNode if is_mapping else yaml.SequenceNode
        end = yaml.MappingEndEvent if is_mapping else yaml.SequenceEndEvent
        items: list[Any] = []
        node = kind(_tag(event, _GROUP), items, event.start_mark, event.end_mark)
        # Registered while open: it may contain itself, which the depth limit detects.
        self._remembered(event, node)
        while not isinstance(event := self.get_event(), end):
            item = self._node(event, depth + 1)
            items.append((item, self._node(self.get_event(), depth + 1)) if is_mapping else item)
        return node

    def _remembered(self, event: Any, node: yaml.Node) -> yaml.Node:
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _anchored(self, event: Any) -> yaml.Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            problem = "an alias has no anchor"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
        return node


def _tag(event: Any, otherwise: str) -> str:
    return str(event.tag) if event.tag and event.tag != "!" else otherwise


def _line(error: yaml.MarkedYAMLError) -> int | None:
    """Return the line of the error; for an unclosed bracket or quote, of its start."""
    opened = any(what in (error.context or "") for what in ("flow", "quoted"))
    mark = error.context_mark if opened else error.problem_mark
    return mark.line + 1 if mark else None


class Nodes:
    """Build the trees of one file.

    Scalars stay strings, so that a string setting gets `0123`, `1.10`, `no` and `false` unchanged;
    the settings' types parse numbers and booleans.
    """

    def __init__(self, file: str, budget: Budget, *, secret: bool = False) -> None:
        self._file, self._budget, self._secret = file, budget, secret

    def tree(self, node: yaml.MappingNode, annotation: Any, depth: int = 0) -> Tree:
        """Build a mapping; dotted keys nest, `<<` merges below, a duplicate key is an error."""
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
        if not node.tag.startswith(_STANDARD):
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
            raise self._error("a key must be a name; names in brackets need quotes", key)
        if len(key.value) > _MAX_KEY:
            raise self._error(f"a key is longer than {_MAX_KEY} characters", key)
        return parts_of(key.value)

    def _refuse_twice(
        self, own: dict[tuple[Name, ...], int], key: yaml.Node, path: tuple[Name, ...]
    ) -> None:
        if (first := own.get(path)) is not None:
            raise self._error(f"duplicate key {key.value}, first in line {first}", key)
        own[path] = key.start_mark.line + 1

    def _origin(self, node: yaml.Node) -> Origin:
        return Origin(self._file, node.start_mark.line + 1, self._secret)

    def _error(self, reason: str, node: yaml.Node) -> ConfigError:
        return ConfigError(reason, file=self._file, line=node.start_mark.line + 1, kind="parse")


def _is_own_key(pair: tuple[yaml.Node, yaml.Node]) -> bool:
    return pair[0].tag != _MERGE


def _is_mapping(node: yaml.Node) -> bool:
    """Return whether a node is a mapping, or one whose keys are all commented out."""
    return isinstance(node, yaml.MappingNode) or _is_null(node)


def _is_null(node: yaml.Node) -> bool:
    return node.tag == NULL and not getattr(node, "style", None)
