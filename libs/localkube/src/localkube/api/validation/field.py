"""A field of an object, and what can be wrong with it, in the words of Kubernetes' API server."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

_ESCAPES = {"\a": "a", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v"}
_ESCAPES |= {'"': '"', "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Field:
    """A path into an object; problems of all fields of one object come together."""

    path: str = ""
    problems: list[str] = field(default_factory=list)

    def child(self, name: str) -> "Field":
        """Return a field of this one."""
        return replace(self, path=f"{self.path}.{name}".lstrip("."))

    def index(self, number: int) -> "Field":
        """Return an element of this list."""
        return replace(self, path=f"{self.path}[{number}]")

    def key(self, name: str) -> "Field":
        """Return a value of this map."""
        return replace(self, path=f"{self.path}[{shown(name)[1:-1]}]")

    def required(self, detail: str = "") -> None:
        """Note that a value is missing."""
        self._note("Required value", detail)

    def forbidden(self, detail: str) -> None:
        """Note a value that is not allowed beside the others."""
        self._note("Forbidden", detail)

    def invalid(self, value: Any, *details: str) -> None:
        """Note a value that has not the form it should have, once for each detail."""
        for detail in details:
            self._note(f"Invalid value: {shown(value)}", detail)

    def duplicate(self, value: Any) -> None:
        """Note a value that has to be unique."""
        self._note(f"Duplicate value: {shown(value)}")

    def not_found(self, value: Any) -> None:
        """Note a reference to something that is not there."""
        self._note(f"Not found: {shown(value)}")

    def unsupported(self, value: Any, supported: Iterable[str]) -> None:
        """Note a word that is none of those known."""
        known = ", ".join(shown(word) for word in sorted(supported))
        self._note(f"Unsupported value: {shown(value)}", f"supported values: {known}")

    def too_long(self, limit: int) -> None:
        """Note a value of more bytes than `limit`."""
        self._note("Too long", f"may not be more than {limit} bytes")

    def not_negative(self, value: int | None) -> None:
        """Check a number."""
        if value is not None and value < 0:
            self.invalid(value, "must be greater than or equal to 0")

    def _note(self, what: str, detail: str = "") -> None:
        self.problems.append(": ".join(part for part in (self.path, what, detail) if part))


def shown(value: Any) -> str:
    """Return a value as the API server prints it: in one line, whatever it holds."""
    if isinstance(value, str):
        return '"' + "".join(_escaped(letter) for letter in value) + '"'
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def _escaped(letter: str) -> str:
    if letter in _ESCAPES:
        return "\\" + _ESCAPES[letter]
    if letter.isprintable():
        return letter
    number = ord(letter)
    if number < 0x80:  # noqa: PLR2004  # the end of ASCII
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004  # as in Go
