"""Placeholders `${name}` and `${name:default}`, resolved against the tree, then the environment."""

from collections.abc import Mapping
from typing import Any

from chassis.config.errors import ConfigError
from chassis.config.tree import Entry, Origin, Tree, find

_OPEN, _CLOSE = "${", "}"


class Resolver:
    """Resolves the values of one tree; a value is looked at only when it is asked for."""

    def __init__(self, tree: Tree, environ: Mapping[str, str]) -> None:
        self._tree, self._environ = tree, environ

    def resolve(self, entry: Entry, key: str) -> Any:
        """Return an entry's value without placeholders; raise `ConfigError` at a missing name."""
        return self._entry(entry, (key,))

    def _entry(self, entry: Entry, trail: tuple[str, ...]) -> Any:
        if entry.origin.literal:
            return entry.value
        return self._any(entry.value, entry.origin, trail)

    def _any(self, value: Any, origin: Origin, trail: tuple[str, ...]) -> Any:
        if isinstance(value, str):
            return self._text(value, origin, trail)
        if isinstance(value, list):
            return [self._any(item, origin, trail) for item in value]
        return value

    def _text(self, text: str, origin: Origin, trail: tuple[str, ...]) -> Any:
        start = text.find(_OPEN)
        if start < 0:
            return text
        end = _closing(text, start)
        if end < 0:
            raise _error("opens a placeholder and does not close it", origin, trail)
        value = self._named(text[start + len(_OPEN) : end], origin, trail)
        head, tail = text[:start], text[end + 1 :]
        if not head and not tail:
            return value
        return f"{head}{_written(value)}{_written(self._text(tail, origin, trail))}"

    def _named(self, inner: str, origin: Origin, trail: tuple[str, ...]) -> Any:
        name, colon, default = inner.partition(":")
        if name in trail:
            cycle = " -> ".join((*trail, name))
            raise _error(f"${{{name}}} leads back to itself ({cycle})", origin, trail)
        entry = find(self._tree, name.split("."))
        if entry is not None and not isinstance(entry.value, dict):
            return self._entry(entry, (*trail, name))
        if (variable := self._variable(name)) is not None:
            return variable
        if colon:
            return self._text(default, origin, trail)
        reason = f"${{{name}}} is defined nowhere; define it, or give a default: ${{{name}:...}}"
        raise _error(reason, origin, trail)

    def _variable(self, name: str) -> str | None:
        """Look a name up in the environment, as it stands and in capitals as Spring would."""
        capitals = name.upper().replace(".", "_")
        spellings = (name, capitals.replace("-", ""), capitals.replace("-", "_"))
        return next((self._environ[s] for s in spellings if s in self._environ), None)


def _written(value: Any) -> str:
    """Write a value into a text the way YAML does."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _closing(text: str, start: int) -> int:
    """Return where the placeholder that opens at `start` closes, counting nested ones."""
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
