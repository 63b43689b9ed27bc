"""Ant-style path patterns, as `security.path.ignores` has them.

`?` stands for one character, `*` for any number of them within a segment, `**` for any number
of segments.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

# What may not open a path: a router, a proxy or a file system may read it in more than one way.
_AMBIGUOUS = re.compile(r"//|\\|;|\x00|(^|/)\.\.?(/|$)")
_PARTS = re.compile(r"/\*\*(?=/|$)|\*+|\?|(?:(?!/\*\*(?:/|$))[^*?])+")


class PathPatterns:
    """Match request paths against any of a few Ant-style patterns."""

    def __init__(self, patterns: Iterable[str]) -> None:
        expressions = [_expression(_absolute(pattern)) for pattern in patterns]
        self._regex = re.compile("|".join(expressions)) if expressions else None

    def match(self, path: str) -> bool:
        """Tell whether a pattern matches all of `path`; an ambiguous path matches none."""
        if self._regex is None or self._regex.fullmatch(path) is None:
            return False
        return _AMBIGUOUS.search(path) is None


@lru_cache(maxsize=16)
def path_patterns(patterns: tuple[str, ...]) -> PathPatterns:
    """Return the compiled patterns, kept for the next request."""
    return PathPatterns(patterns)


def _absolute(pattern: str) -> str:
    pattern = pattern.strip()
    return pattern if pattern.startswith("/") else f"/{pattern}"


def _expression(pattern: str) -> str:
    return "".join(_piece(part) for part in _PARTS.findall(pattern))


def _piece(part: str) -> str:
    if part == "/**":
        return "(?:/.*)?"
    if part.startswith("*"):
        return "[^/]*"
    return "[^/]" if part == "?" else re.escape(part)
