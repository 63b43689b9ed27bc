"""Multi-document YAML: the default document first, then those whose profiles are active."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from chassis.config.budget import Budget
from chassis.config.composing import NULL, compose
from chassis.config.errors import ConfigError
from chassis.config.nodes import Nodes
from chassis.config.profiles import matches
from chassis.config.tree import Entry, Origin, Tree, find, names, remove, written

_ACTIVATE = ("spring", "config", "activate")
# In this order: the newer spelling of Spring wins over the older one.
_SELECTORS = ((*_ACTIVATE, "on-profile"), ("spring", "profiles"), ("profiles",))
_PLATFORM = (*_ACTIVATE, "on-cloud-platform")
KUBERNETES = "kubernetes"


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document and what it depends on.

    `expressions` are the profiles that select it, None in a default document. `unmet` says where
    it names a condition that is never met here, and which; such a document does not apply.
    """

    tree: Tree
    expressions: list[str] | None = None
    platform: str | None = None
    unmet: str | None = None

    @property
    def is_default(self) -> bool:
        """Say whether it applies whatever is active."""
        return self.expressions is None and self.platform is None and self.unmet is None

    def selected(self, active: Collection[str]) -> bool:
        """Say whether the document applies under the active profiles."""
        if self.unmet or (self.platform and KUBERNETES not in active):
            return False
        return self.expressions is None or matches(self.expressions, active)


def read_documents(
    file: str, text: str, annotation: Any, budget: Budget, *, secret: bool = False
) -> list[Document]:
    """Parse a file; raise `ConfigError` where it is no YAML, no mappings, or empty."""
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
            reason = "a document has to be a mapping of keys"
            raise ConfigError(reason, file=file, line=line, kind="parse")
        yield node


def _is_empty(node: yaml.Node) -> bool:
    return bool(node.tag == NULL or node.value == [])


def _document(tree: Tree) -> Document:
    """Take the conditions out of a document's tree."""
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
    """Return the one platform there is, and leave what is none where it stands."""
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
    """Return the profile expressions of a selector; raise `ConfigError` if one can't be read."""
    value = selector.value if isinstance(selector, Entry) else None
    listed = value if isinstance(value, list) else str(value or "").split(",")
    expressions = [item.strip() if isinstance(item, str) else "" for item in listed]
    try:
        matches(expressions, ())
    except ValueError as error:
        reason, origin = str(error), selector.origin
        raise ConfigError(reason, file=origin.file, line=origin.line, key=name) from error
    return expressions
