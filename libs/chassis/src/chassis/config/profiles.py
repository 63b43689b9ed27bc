"""Profile expressions: a name, a list, `!name`, `a & b`, `a | b`, parentheses."""

import re
from collections.abc import Collection, Sequence

_TOKEN = re.compile(r"[()!&|]|[^\s()!&|]+")
_MAX_LENGTH, _MAX_TOKENS = 1000, 100
"""Of one expression; the reader calls itself at each parenthesis."""


class _Expression:
    """A reader of one expression; `&` binds closer than `|`."""

    def __init__(self, text: str, active: Collection[str]) -> None:
        self._tokens, self._active, self._text = _TOKEN.findall(text), active, text

    def value(self) -> bool:
        if len(self._tokens) > _MAX_TOKENS or len(self._text) > _MAX_LENGTH:
            raise ValueError("is too long for a profile expression")
        if "${" in self._text:
            raise self._wrong()
        result = self._any()
        if self._tokens:
            raise self._wrong()
        return result

    def _any(self) -> bool:
        result = self._all()
        while self._take("|"):
            result = self._all() or result
        return result

    def _all(self) -> bool:
        result = self._one()
        while self._take("&"):
            result = self._one() and result
        return result

    def _one(self) -> bool:
        if self._take("!"):
            return not self._one()
        if self._take("("):
            result = self._any()
            if not self._take(")"):
                raise self._wrong()
            return result
        if not self._tokens or self._tokens[0] in "()&|":
            raise self._wrong()
        return self._tokens.pop(0) in self._active

    def _take(self, token: str) -> bool:
        if self._tokens and self._tokens[0] == token:
            self._tokens.pop(0)
            return True
        return False

    def _wrong(self) -> ValueError:
        return ValueError("is no profile expression; write a, !a, a & b, a | b")


def matches(expressions: Sequence[str], active: Collection[str]) -> bool:
    """Say whether any of the expressions holds for the active profiles; raise ValueError."""
    # A list, not a generator: each expression is read, so that a bad one is found.
    return any([_Expression(text, active).value() for text in expressions])  # noqa: C419
