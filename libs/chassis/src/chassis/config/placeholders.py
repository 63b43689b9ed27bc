"""Placeholders `${name}` and `${name:default}`, resolved from the tree, then the environment."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from chassis.config.budget import MAX_DEPTH, Budget
from chassis.config.errors import ConfigError
from chassis.config.tree import Entry, Origin, Tree, canonical, find
from chassis.config.yaml_trees import decoded

_OPEN, _CLOSE = "${", "}"
_MAX_NAME = 1024


class Resolved(NamedTuple):
    """A value without placeholders; `borrowed` if a placeholder took it from a Secret."""

    value: Any
    borrowed: bool


class Resolver:
    """Resolve values of one tree on demand.

    `loose` are the files of a Secret that are not settings, by canonical name; placeholders may
    name them. `used` are those that placeholders have used.
    """

    def __init__(
        self,
        tree: Tree,
        environ: Mapping[str, str],
        budget: Budget,
        loose: Mapping[str, Entry] | None = None,
    ) -> None:
        self._tree, self._environ, self._budget = tree, environ, budget
        self._loose = loose or {}
        self._borrowed = False
        self.used: set[str] = set()

    def resolve(self, entry: Entry, key: str) -> Resolved:
        """Return an entry's value without placeholders; raise `ConfigError` at a missing name."""
        self._borrowed = False
        value = self._entry(entry, (key,))
        return Resolved(value, self._borrowed)

    def _entry(self, entry: Entry, trail: tuple[str, ...]) -> Any:
        self._budget.spend(entry.origin.file, entry.origin.line)
        if entry.origin.secret:
            self._borrowed |= len(trail) > 1
            is_file = isinstance(entry.value, bytes)
            return decoded(entry.value, entry.origin.file).strip() if is_file else entry.value
        return self._any(entry.value, entry.origin, trail)

    def _any(self, value: Any, origin: Origin, trail: tuple[str, ...]) -> Any:
        if isinstance(value, str):
            return self._text(value, origin, trail, 0)
        if isinstance(value, list):
            return [self._any(item, origin, trail) for item in value]
        return value

    def _text(self, text: str, origin: Origin, trail: tuple[str, ...], depth: int) -> Any:
        if _OPEN not in text:
            return text
        if len(trail) + depth > MAX_DEPTH:
            raise _error("nests too many placeholders", origin, trail)
        parts: list[str] = []
        position = 0
        while (start := text.find(_OPEN, position)) >= 0:
            end = _closing(text, start)
            if end < 0:
                raise _error("has an unclosed placeholder", origin, trail)
            value = self._named(text[start + len(_OPEN) : end], origin, trail, depth)
            if start == 0 and end == len(text) - 1:
                return value
            parts += [text[position:start], self._written(value, origin)]
            position = end + 1
        return "".join([*parts, text[position:]])

    def _named(self, inner: str, origin: Origin, trail: tuple[str, ...], depth: int) -> Any:
        self._budget.spend(origin.file, origin.line, text=len(inner))
        name, colon, default = inner.partition(":")
        if len(name) > _MAX_NAME:
            raise _error(f"has a placeholder of more than {_MAX_NAME} characters", origin, trail)
        if name in trail:
            cycle = " -> ".join((*trail, name))
            raise _error(f"${{{name}}} refers to itself ({cycle})", origin, trail)
        entry = self._find(name)
        if isinstance(entry, Entry):
            return self._entry(entry, (*trail, name))
        if (variable := self._variable(name)) is not None:
            return variable
        if colon:
            return self._text(default, origin, trail, depth + 1)
        reason = f"${{{name}}} is undefined; define it, or give a default: ${{{name}:...}}"
        raise _error(reason, origin, trail)

    def _find(self, name: str) -> Any:
        found = find(self._tree, name.split("."))
        if found is None and (found := self._loose.get(canonical(name))) is not None:
            self.used.add(found.origin.file)
        return found

    def _variable(self, name: str) -> str | None:
        """Look up a name in the environment, as written and in capitals as Spring does."""
        capitals = name.upper().replace(".", "_")
        spellings = (name, capitals.replace("-", ""), capitals.replace("-", "_"))
        return next((self._environ[s] for s in spellings if s in self._environ), None)

    def _written(self, value: Any, origin: Origin) -> str:
        text = "" if value is None else str(value)
        self._budget.spend(origin.file, origin.line, text=len(text))
        return text


def _closing(text: str, start: int) -> int:
    """Return the end of the placeholder that starts at `start`, -1 if unclosed."""
    depth, position = 1, start + len(_OPEN)
    while position < len(text):
        if text.startswith(_OPEN, position):
            depth, position = depth + 1, position + len(_OPEN)
            continue
        depth -= text[position] == _CLOSE
        if depth == 0:
            return position
        position += 1
    return -1


def _error(reason: str, origin: Origin, trail: tuple[str, ...]) -> ConfigError:
    return ConfigError(reason, file=origin.file, line=origin.line, key=trail[0])
