"""Rules a manifest is checked by: small checkers that nest as documents do."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(slots=True)
class Findings:
    """What checking found: problems as `path: reason`, and fields without effect here."""

    problems: list[str] = field(default_factory=list)
    without_effect: set[str] = field(default_factory=set)

    def problem(self, path: str, reason: str) -> None:
        """Note a problem at a field path."""
        self.problems.append(f"{path}: {reason}")


class Rule(Protocol):
    """Checks the value at a path."""

    def check(self, value: Any, path: str, found: Findings) -> None:
        """Note what is wrong with a value."""
        ...


@dataclass(frozen=True, slots=True)
class Anything:
    """Accept whatever stands there."""

    def check(self, value: Any, path: str, found: Findings) -> None:
        """Accept."""


@dataclass(frozen=True, slots=True)
class Text:
    """Accept a string, of the given pattern or choices where there are any."""

    pattern: str = ""
    choices: tuple[str, ...] = ()

    def check(self, value: Any, path: str, found: Findings) -> None:
        """Note what is no such string."""
        if not isinstance(value, str):
            found.problem(path, f"must be a string, not {value!r}; put it in quotes")
        elif self.choices and value not in self.choices:
            known = " or ".join(self.choices)
            found.problem(path, f"{value!r} is not implemented; localkube knows {known}")
        elif self.pattern and not re.fullmatch(self.pattern, value):
            found.problem(path, f"{value!r} is not allowed here")


@dataclass(frozen=True, slots=True)
class Number:
    """Accept a whole number in bounds, or a string of the given pattern."""

    minimum: int = 0
    maximum: int = 2**31 - 1
    or_text: str = ""

    def check(self, value: Any, path: str, found: Findings) -> None:
        """Note what is no such number."""
        if self.or_text and isinstance(value, str):
            Text(self.or_text).check(value, path, found)
            return
        if isinstance(value, bool) or not isinstance(value, int):
            found.problem(path, f"must be a whole number, not {value!r}")
        elif not self.minimum <= value <= self.maximum:
            found.problem(path, f"{value} must be from {self.minimum} to {self.maximum}")


@dataclass(frozen=True, slots=True)
class Flag:
    """Accept true or false."""

    def check(self, value: Any, path: str, found: Findings) -> None:
        """Note what is neither."""
        if not isinstance(value, bool):
            found.problem(path, f"must be true or false, not {value!r}")


@dataclass(frozen=True, slots=True)
class Items:
    """Accept a list whose elements keep one rule."""

    of: Rule
    minimum: int = 0

    def check(self, value: Any, path: str, found: Findings) -> None:
        """Note what is no such list."""
        if not isinstance(value, list):
            found.problem(path, f"must be a list, not {value!r}")
            return
        if len(value) < self.minimum:
            found.problem(path, f"needs at least {self.minimum} element")
        for index, element in enumerate(value):
            self.of.check(element, f"{path}[{index}]", found)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Accept a mapping from any string to values that keep one rule."""

    of: Rule

    def check(self, value: Any, path: str, found: Findings) -> None:
        """Note what is no such mapping."""
        if not isinstance(value, dict):
            found.problem(path, f"must be a mapping, not {value!r}")
            return
        for key, element in value.items():
            self.of.check(element, f"{path}.{key}", found)


@dataclass(frozen=True, slots=True)
class Fields:
    """Accept a mapping of known fields; name those without effect; refuse all others."""

    known: Mapping[str, Rule]
    required: tuple[str, ...] = ()
    no_effect: frozenset[str] = frozenset()
    exactly_one: tuple[str, ...] = ()
    hints: Mapping[str, str] = field(default_factory=dict)

    def check(self, value: Any, path: str, found: Findings) -> None:
        """Note unknown, missing and clashing fields, then what is wrong inside."""
        if not isinstance(value, dict):
            found.problem(path or "document", f"must be a mapping, not {value!r}")
            return
        for key, element in value.items():
            self._check_field(str(key), element, f"{path}.{key}".lstrip("."), found)
        for key in self.required:
            if value.get(key) is None:
                found.problem(f"{path}.{key}".lstrip("."), "is missing; set it")
        if self.exactly_one and sum(key in value for key in self.exactly_one) != 1:
            found.problem(path, f"needs exactly one of {', '.join(self.exactly_one)}")

    def _check_field(self, key: str, value: Any, path: str, found: Findings) -> None:
        if key in self.no_effect:
            found.without_effect.add(key)
        elif key not in self.known:
            found.problem(path, self._refusal(key))
        elif value is not None:
            self.known[key].check(value, path, found)

    def _refusal(self, key: str) -> str:
        if key in self.hints:
            return self.hints[key]
        near = difflib.get_close_matches(key, self.known, 1, 0.8)
        meant = f"; did you mean {near[0]}?" if near else "; remove it, or use a cluster"
        return f"localkube does not implement this field{meant}"
