"""Changes one setting in the text of an application.yaml, and leaves all other text unchanged."""

import json
from collections.abc import Iterator

import yaml


def values(text: str, setting: str) -> list[str]:
    """Return what each document of a text sets; raise `yaml.YAMLError`."""
    return [str(node.value) for node in _nodes(text, setting)]


def replaced(text: str, setting: str, old: str, new: str) -> str:
    """Set another value wherever a document sets `old`."""
    return _written(text, setting, old, json.dumps(new, ensure_ascii=False))


def broken(text: str, setting: str, old: str) -> str:
    """Open a list that nothing closes wherever a document sets `old`: no YAML any more."""
    return _written(text, setting, old, "[" + json.dumps(old, ensure_ascii=False))


def _written(text: str, setting: str, old: str, new: str) -> str:
    # From the end, so that the places before stay valid.
    for node in reversed(_nodes(text, setting)):
        if node.value == old:
            text = text[: node.start_mark.index] + new + text[node.end_mark.index :]
    return text


def _nodes(text: str, setting: str) -> list[yaml.ScalarNode]:
    return [
        node
        for document in yaml.compose_all(text, yaml.SafeLoader)
        for name, node in _scalars(document, "")
        if name == setting
    ]


def _scalars(node: yaml.Node | None, name: str) -> Iterator[tuple[str, yaml.ScalarNode]]:
    """Yield the scalars of a document by their dotted names."""
    if isinstance(node, yaml.ScalarNode):
        yield name, node
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _scalars(value, f"{name}.{key.value}" if name else str(key.value))
