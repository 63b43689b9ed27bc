"""Read YAML by kubectl's rules."""

import base64
import math
from typing import Any

import yaml

from localkube.api import yaml_scalars
from localkube.api.yaml_scalars import BINARY, BOOL, FLOAT, INT, MAP, MERGE, NULL, SEQUENCE, TEXT
from localkube.errors import UsageError

ALIASED_LIMIT = 1_000_000
"""Nodes that aliases may add to a document: a few lines can expand to any number."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # chosen at run time
    """Resolves scalars as go-yaml v2; keys are strings, duplicate keys are errors."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """Return the tag of an untagged node."""
        if kind is yaml.ScalarNode:
            return yaml_scalars.resolve(value)[0] if implicit[0] else TEXT
        return super().resolve(kind, value, implicit)

    def construct_document(self, node: Any) -> Any:
        """Check a document, then construct it."""
        _Check().node(node)
        return super().construct_document(node)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002  # PyYAML's
        """Construct a mapping with string keys, as in JSON."""
        self.flatten_mapping(node)
        return {_key(key): self.construct_object(value, deep=deep) for key, value in node.value}


def parse(text: str, source: str) -> list[Any]:
    """Parse every YAML document of a text; raise `UsageError` with the line."""
    try:
        return [part for part in yaml.load_all(text, _Loader) if part is not None]  # a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        reason = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise UsageError(f"{source}{line}: not valid YAML: {reason}") from None
    except RecursionError:
        raise UsageError(f"{source}: not valid YAML: exceeded max depth") from None
    except UnicodeEncodeError:
        raise UsageError(f"{source}: is not UTF-8 text; save it as UTF-8") from None


class _Check:
    """Checks a document's nodes before they are constructed."""

    def __init__(self) -> None:
        self._sizes: dict[int, int] = {}

    def node(self, node: yaml.Node) -> int:
        """Return the number of nodes with aliases expanded; raise for duplicate keys and bombs."""
        size = self._sizes.get(id(node))
        if size == 0:
            raise _problem("anchor value contains itself", node)
        if size is None:
            self._sizes[id(node)] = 0
            size = self._sizes[id(node)] = 1 + sum(self.node(inner) for inner in _inside(node))
        if size > ALIASED_LIMIT + len(self._sizes):
            raise _problem("document contains excessive aliasing", node)
        return size


def _inside(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        _check_keys(node)
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _check_keys(node: yaml.MappingNode) -> None:
    seen = set()
    for key, _ in node.value:
        name = _key(key)
        if name in seen and key.tag != MERGE:
            raise _problem(f'key "{name}" already set in map', key)
        seen.add(name)


def _key(node: yaml.Node) -> str:
    value = _value(node) if isinstance(node, yaml.ScalarNode) else None
    if value is None:
        raise _problem("invalid map key", node)
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _value(node: yaml.Node) -> yaml_scalars.Scalar:
    """Return a scalar's value; raise where it does not fit its tag."""
    if not isinstance(node, yaml.ScalarNode):
        raise _problem(f"cannot decode a list or map as a {node.tag.rpartition(':')[2]}", node)
    if node.tag not in {BOOL, INT, FLOAT, NULL}:
        return str(node.value)
    tag, value = yaml_scalars.resolve(node.value)
    if tag == node.tag or (node.tag == FLOAT and tag == INT):
        if isinstance(value, float) and not math.isfinite(value):
            raise _problem(f"unsupported value: {node.value}", node)
        return value
    raise _problem(f"cannot decode {node.value!r} as a {node.tag.rpartition(':')[2]}", node)


def _binary(_: Any, node: yaml.Node) -> str:
    try:
        return base64.b64decode("".join(node.value.split()), validate=True).decode()
    except (AttributeError, ValueError):  # AttributeError: of a list or map
        raise _problem("!!binary value contains invalid base64 data", node) from None


def _untagged(loader: Any, node: yaml.Node) -> Any:
    """Construct a node by its form; unknown tags are ignored."""
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


def _problem(reason: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=reason, problem_mark=node.start_mark)


_Loader.yaml_constructors = {
    **{tag: lambda _, node: _value(node) for tag in (BOOL, INT, FLOAT, NULL)},
    **{tag: _Loader.yaml_constructors[tag] for tag in (TEXT, MAP, SEQUENCE)},
    BINARY: _binary,
    None: _untagged,
}
