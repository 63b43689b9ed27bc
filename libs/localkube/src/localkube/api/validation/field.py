"""A field of an object and its errors, in the words of Kubernetes' API server."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

_ESCAPES = {"\a": "a", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v"}
_ESCAPES |= {'"': '"', "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Field:
    """A path into an object; all fields of one object share `problems`."""

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
        return replace(self, path=f"{self.path}[{quoted(name)[1:-1]}]")

    def required(self, detail: str = "") -> None:
        """Add an error: the value is missing."""
        self._add("Required value", detail)

    def forbidden(self, detail: str) -> None:
        """Add an error: the value is not allowed beside the others."""
        self._add("Forbidden", detail)

    def invalid(self, value: Any, *details: str) -> None:
        """Add an error for each detail: the value has the wrong form."""
        for detail in details:
            self._add(f"Invalid value: {quoted(value)}", detail)

    def check(self, value: Any, form: Callable[[Any], list[str]], detail: str = "") -> None:
        """Add errors where a required value is missing or has the wrong form."""
        if value:
            self.invalid(value, *form(value))
        else:
            self.required(detail)

    def unique(self, value: Any, seen: set[Any]) -> None:
        """Add an error where `seen` contains the value, and add the value to it."""
        if value in seen:
            self.duplicate(value)
        seen.add(value)

    def duplicate(self, value: Any) -> None:
        """Add an error: the value must be unique."""
        self._add(f"Duplicate value: {quoted(value)}")

    def not_found(self, value: Any) -> None:
        """Add an error: the referenced value does not exist."""
        self._add(f"Not found: {quoted(value)}")

    def unsupported(self, value: Any, supported: Iterable[str]) -> None:
        """Add an error: the value is none of `supported`."""
        known = ", ".join(quoted(word) for word in sorted(supported))
        self._add(f"Unsupported value: {quoted(value)}", f"supported values: {known}")

    def too_long(self, limit: int) -> None:
        """Add an error: the value has more than `limit` bytes."""
        self._add("Too long", f"may not be more than {limit} bytes")

    def not_negative(self, value: int | None) -> None:
        """Check that a number is not negative."""
        if value is not None and value < 0:
            self.invalid(value, "must be greater than or equal to 0")

    def _add(self, what: str, detail: str = "") -> None:
        self.problems.append(": ".join(part for part in (self.path, what, detail) if part))


def quoted(value: Any) -> str:
    """Return a value as the API server prints it: quoted, in one line."""
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
