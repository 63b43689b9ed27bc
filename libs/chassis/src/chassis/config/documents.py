"""Multi-document YAML: the documents of a file, and their profile expressions."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from chassis.config.budget import Budget
from chassis.config.errors import ConfigError
from chassis.config.tree import Entry, Origin, Tree, find, names, remove, written
from chassis.config.yaml_trees import NULL, Nodes, compose

_TOKEN = re.compile(r"[()!&|]|[^\s()!&|]+")
_MAX_LENGTH, _MAX_TOKENS = 1000, 100
"""Limits of one expression, since the parser recurses."""

_ACTIVATE = ("spring", "config", "activate")
# Spring's newer spellings take precedence.
_SELECTORS = ((*_ACTIVATE, "on-profile"), ("spring", "profiles"), ("profiles",))
_PLATFORM = (*_ACTIVATE, "on-cloud-platform")
KUBERNETES = "kubernetes"


class _Expression:
    """Parse and evaluate one expression; `&` binds closer than `|`."""

    def __init__(self, text: str, active: Collection[str]) -> None:
        self._tokens, self._active, self._text = _TOKEN.findall(text), active, text

    def value(self) -> bool:
        if len(self._tokens) > _MAX_TOKENS or len(self._text) > _MAX_LENGTH:
            raise ValueError("is too long for a profile expression")
        if "${" in self._text:
            raise self._wrong()
        result = self._any()
        if self._tokens:
            raise self._wrong()
        return result

    def _any(self) -> bool:
        result = self._all()
        while self._take("|"):
            result = self._all() or result
        return result

    def _all(self) -> bool:
        result = self._one()
        while self._take("&"):
            result = self._one() and result
        return result

    def _one(self) -> bool:
        if self._take("!"):
            return not self._one()
        if self._take("("):
            result = self._any()
            if not self._take(")"):
                raise self._wrong()
            return result
        if not self._tokens or self._tokens[0] in "()&|":
            raise self._wrong()
        return self._tokens.pop(0) in self._active

    def _take(self, token: str) -> bool:
        if self._tokens and self._tokens[0] == token:
            self._tokens.pop(0)
            return True
        return False

    def _wrong(self) -> ValueError:
        return ValueError("invalid profile expression; write a, !a, a & b, a | b")


def matches(expressions: Sequence[str], active: Collection[str]) -> bool:
    """Return whether any expression matches the active profiles; raise ValueError."""
    # A list, not a generator: every expression is parsed, so that an invalid one is found.
    return any([_Expression(text, active).value() for text in expressions])  # noqa: C419


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document and its conditions.

    `expressions` are the profiles that select it, None in a default document. `unmet` is the place
    and name of an unsupported condition; such a document never applies.
    """

    tree: Tree
    expressions: list[str] | None = None
    platform: str | None = None
    unmet: str | None = None

    @property
    def is_default(self) -> bool:
        """Return whether the document has no conditions."""
        return self.expressions is None and self.platform is None and self.unmet is None

    def selected(self, active: Collection[str]) -> bool:
        """Return whether the document applies under the active profiles."""
        if self.unmet or (self.platform and KUBERNETES not in active):
            return False
        return self.expressions is None or matches(self.expressions, active)


def read_documents(
    file: str, text: str, annotation: Any, budget: Budget, *, secret: bool = False
) -> list[Document]:
    """Parse a file; raise `ConfigError` if it is invalid, empty, or has other than mappings."""
    nodes = Nodes(file, budget, secret=secret)
    documents = [
        _document(nodes.tree(node, annotation))
        for node in _mappings(file, compose(file, text, budget))
    ]
    if not documents:
        reason = "is empty; it would reset every setting to its default"
        raise ConfigError(reason, file=file, kind="parse")
    return documents


def read_value(file: str, text: str, annotation: Any, budget: Budget) -> Any:
    """Parse one value, such as a list in an environment variable."""
    (node,) = compose(file, text, budget)
    return Nodes(file, budget).value(node, annotation)


def _mappings(file: str, nodes: list[yaml.Node]) -> Iterator[yaml.MappingNode]:
    for node in nodes:
        if _is_empty(node):
            continue
        if not isinstance(node, yaml.MappingNode):
            line = node.start_mark.line + 1
            reason = "a document must be a mapping"
            raise ConfigError(reason, file=file, line=line, kind="parse")
        yield node


def _is_empty(node: yaml.Node) -> bool:
    return bool(node.tag == NULL or node.value == [])


def _document(tree: Tree) -> Document:
    """Move the conditions out of a document's tree."""
    expressions = None
    for path in _SELECTORS:
        node = find(tree, path)
        # A mapping below spring.profiles (active, include) selects nothing.
        if node is None or (isinstance(node, Tree) and path is not _SELECTORS[0]):
            continue
        found = _expressions(node, written(tree, path))
        expressions = found if expressions is None else expressions
        remove(tree, path)
    platform = _platform(tree)
    return Document(tree, expressions, platform, _unmet(tree))


def _platform(tree: Tree) -> str | None:
    """Remove and return the platform `kubernetes`; leave any other one."""
    node = find(tree, _PLATFORM)
    if not isinstance(node, Entry) or str(node.value).lower() != KUBERNETES:
        return None
    remove(tree, _PLATFORM)
    return KUBERNETES


def _unmet(tree: Tree) -> str | None:
    node = find(tree, _ACTIVATE)
    if node is None:
        return None
    remove(tree, _ACTIVATE)
    if not (node if isinstance(node, Tree) else node.value):
        return None
    inner = node if isinstance(node, Tree) else Tree(node.origin)
    origin: Origin = next((found.origin for found in inner.values()), node.origin)
    name = next(names(inner, f"{'.'.join(_ACTIVATE)}."), ".".join(_ACTIVATE))
    return f"{origin.file}:{origin.line}: {name}"


def _expressions(selector: Entry | Tree, name: str | None) -> list[str]:
    """Return the profile expressions of a selector; raise `ConfigError` for an invalid one."""
    value = selector.value if isinstance(selector, Entry) else None
    listed = value if isinstance(value, list) else str(value or "").split(",")
    expressions = [item.strip() if isinstance(item, str) else "" for item in listed]
    try:
        matches(expressions, ())
    except ValueError as error:
        reason, origin = str(error), selector.origin
        raise ConfigError(reason, file=origin.file, line=origin.line, key=name) from error
    return expressions
