"""Multi-document YAML: the default document first, then those whose profiles are active."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from chassis.config.errors import ConfigError
from chassis.config.profiles import matches
from chassis.config.tree import Entry, Origin, Tree, canonical, find, merge, nest

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
            origin = self.selector.origin
            raise ConfigError(
                str(error), file=origin.file, line=origin.line, key=self.selector.name
            ) from error


def read_documents(file: str, text: str, *, literal: bool = False) -> list[Document]:
    """Parse a file; raise `ConfigError` where it is no YAML, no mappings, or empty."""
    documents = [_document(node, file, literal=literal) for node in _compose(file, text)]
    if not documents:
        raise ConfigError("is empty; it would reset every setting to its default", file=file)
    return documents


def merged(documents: list[Document], active: Collection[str]) -> Tree:
    """Merge the default documents, then the active ones, each in file order."""
    tree: Tree = {}
    for profiled in (False, True):
        for document in documents:
            if (document.selector is not None) is profiled and document.selected(active):
                tree = merge(tree, document.tree)
    return tree


def _compose(file: str, text: str) -> Iterator[yaml.MappingNode]:
    try:
        nodes = list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise ConfigError(f"is no YAML: {error.problem}", file=file, line=line) from error
    except yaml.YAMLError as error:
        raise ConfigError(f"is no YAML: {error}", file=file) from error
    for node in nodes:
        if _is_empty(node):
            continue
        if not isinstance(node, yaml.MappingNode):
            line = node.start_mark.line + 1
            raise ConfigError("a document has to be a mapping of keys", file=file, line=line)
        yield node


def _is_empty(node: yaml.Node) -> bool:
    return node.tag == "tag:yaml.org,2002:null" or node.value == []


def _document(node: yaml.MappingNode, file: str, *, literal: bool) -> Document:
    tree = _Builder(file, literal=literal).mapping(node)
    found = (find(tree, path) for path in _SELECTORS)
    # A mapping below spring.profiles (active, include) selects nothing.
    selectors = [
        entry for entry in found if entry is not None and not isinstance(entry.value, dict)
    ]
    return Document(tree, selectors[0] if selectors else None)


def _expressions(value: Any) -> list[str]:
    listed = value if isinstance(value, list) else str(value).split(",")
    return [str(item).strip() for item in listed]


class _Builder:
    """Turns YAML nodes into entries that know their line."""

    def __init__(self, file: str, *, literal: bool) -> None:
        self._file, self._literal = file, literal
        self._scalars = yaml.SafeLoader("")

    def mapping(self, node: yaml.MappingNode) -> Tree:
        tree: Tree = {}
        self._scalars.flatten_mapping(node)
        for key, value in node.value:
            origin = Origin(self._file, key.start_mark.line + 1, self._literal)
            tree = merge(tree, nest(_path(str(key.value)), self._value(value), origin))
        return tree

    def _value(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node)
        if isinstance(node, yaml.SequenceNode):
            return [self._item(item) for item in node.value]
        return self._scalar(node)

    def _item(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            return {str(key.value): self._item(value) for key, value in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [self._item(item) for item in node.value]
        return self._scalar(node)

    def _scalar(self, node: yaml.Node) -> Any:
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            line = node.start_mark.line + 1
            raise ConfigError(f"is no value: {error}", file=self._file, line=line) from error


def _path(key: str) -> list[str]:
    """Split a dotted key; brackets keep one whole, as in Spring: `[my.client]`."""
    if key.startswith("[") and key.endswith("]"):
        return [key[1:-1]]
    return key.split(".") if canonical(key).replace(".", "") else [key]
