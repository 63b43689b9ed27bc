"""Multi-document YAML: the default document first, then those whose profiles are active."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from chassis.config.errors import ConfigError
from chassis.config.nodes import Nodes
from chassis.config.profiles import matches
from chassis.config.tree import Entry, Tree, find, merge, remove

# In this order: the newer spelling of Spring wins over the older one.
_SELECTORS = (
    ["spring", "config", "activate", "on-profile"],
    ["spring", "profiles"],
    ["profiles"],
)


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document and what selects it: None is the default document."""

    tree: Tree
    selector: Entry | None

    def selected(self, active: Collection[str]) -> bool:
        """Say whether the document applies; raise `ConfigError` for a bad expression."""
        if self.selector is None:
            return True
        try:
            return matches(_expressions(self.selector.value), active)
        except ValueError as error:
            origin, name = self.selector.origin, self.selector.name
            raise ConfigError(str(error), file=origin.file, line=origin.line, key=name) from error


def read_documents(file: str, text: str, *, literal: bool = False) -> list[Document]:
    """Parse a file; raise `ConfigError` where it is no YAML, no mappings, or empty."""
    try:
        documents = [_document(node, file, literal=literal) for node in _compose(file, text)]
    except RecursionError:
        raise ConfigError("nests too deeply", file=file, kind="parse") from None
    if not documents:
        reason = "is empty; it would reset every setting to its default"
        raise ConfigError(reason, file=file, kind="parse")
    return documents


def read_value(file: str, text: str) -> Any:
    """Parse one value, such as a list in an environment variable."""
    (node,) = _nodes(file, text)
    return Nodes(file, literal=False).value(node)


def merged(documents: list[Document], active: Collection[str]) -> Tree:
    """Merge the default documents, then the active ones, each in file order."""
    tree: Tree = {}
    for profiled in (False, True):
        for document in documents:
            if (document.selector is not None) is profiled and document.selected(active):
                tree = merge(tree, document.tree)
    return tree


def _compose(file: str, text: str) -> Iterator[yaml.MappingNode]:
    for node in _nodes(file, text):
        if _is_empty(node):
            continue
        if not isinstance(node, yaml.MappingNode):
            line = node.start_mark.line + 1
            reason = "a document has to be a mapping of keys"
            raise ConfigError(reason, file=file, line=line, kind="parse")
        yield node


def _nodes(file: str, text: str) -> list[yaml.Node]:
    try:
        return list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        line = _line(error)
        reason = f"is no YAML: {error.problem}"
        raise ConfigError(reason, file=file, line=line, kind="parse") from None
    except yaml.YAMLError:
        # A reader error quotes the text around it, which may be a secret.
        raise ConfigError(
            "is no YAML: a character is not allowed", file=file, kind="parse"
        ) from None


def _line(error: yaml.MarkedYAMLError) -> int | None:
    """Return where the mistake is: of what is never closed, the opening."""
    opened = any(what in (error.context or "") for what in ("flow", "quoted"))
    mark = error.context_mark if opened else error.problem_mark
    return mark.line + 1 if mark else None


def _is_empty(node: yaml.Node) -> bool:
    return bool(node.tag == "tag:yaml.org,2002:null" or node.value == [])


def _document(node: yaml.MappingNode, file: str, *, literal: bool) -> Document:
    tree = Nodes(file, literal=literal).tree(node)
    selector = None
    for path in _SELECTORS:
        entry = find(tree, path)
        # A mapping below spring.profiles (active, include) selects nothing.
        if entry is not None and not isinstance(entry.value, dict):
            selector = selector or entry
            remove(tree, path)
    return Document(tree, selector)


def _expressions(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else str(value).split(",")
    return [str(item).strip() for item in listed]
