"""YAML text to nodes, in bounded depth and number: libyaml's events, composed here."""

from typing import Any

import yaml
from yaml._yaml import CParser

from chassis.config.budget import MAX_DEPTH, Budget
from chassis.config.errors import ConfigError

STANDARD = "tag:yaml.org,2002:"
NULL, MERGE = f"{STANDARD}null", f"{STANDARD}merge"
_TEXT, _GROUP = f"{STANDARD}str", f"{STANDARD}map"
_PLAIN = dict.fromkeys(("", "~", "null", "Null", "NULL"), NULL) | {"<<": MERGE}
"""What is no text though it looks like one; numbers and switches stay text here."""


def compose(file: str, text: str, budget: Budget) -> list[yaml.Node]:
    """Return the root of each document; raise `ConfigError` where the text is no YAML."""
    try:
        return _Composer(file, text, budget).documents()
    except yaml.MarkedYAMLError as error:
        reason = f"is no YAML: {error.problem}"
        raise ConfigError(reason, file=file, line=_line(error), kind="parse") from None
    except yaml.YAMLError:
        # A reader error quotes the text around it, which may be a secret.
        reason = "is no YAML: a character is not allowed"
        raise ConfigError(reason, file=file, kind="parse") from None


class _Composer(CParser):
    """Reads events one by one and counts: CParser's own composing goes on to the end."""

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
        # Remembered while it is open: it may hold itself, which its depth will show.
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
    """Return where the mistake is: of what is never closed, the opening."""
    opened = any(what in (error.context or "") for what in ("flow", "quoted"))
    mark = error.context_mark if opened else error.problem_mark
    return mark.line + 1 if mark else None
