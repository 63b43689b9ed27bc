"""Which paths `security.path.ignores` leaves open."""

import re
from collections.abc import Iterable
from functools import lru_cache

from chassis.ant import expression

_UNSOUND = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")
# What may not open a path: a router, a proxy or a file system may read it in more than one way.
_AMBIGUOUS = re.compile(
    r"//|[\\;\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd]|%[0-9A-Fa-f]{2}|(?:^|/)\.\.?(?:/|\Z)"
)


class PathPatterns:
    """Match request paths against any of a few Ant-style patterns, in time linear in the path."""

    def __init__(self, patterns: Iterable[str]) -> None:
        expressions = [expression(pattern) for pattern in patterns]
        self._regex = re.compile("|".join(expressions)) if expressions else None

    def match(self, path: str) -> bool:
        """Tell whether a pattern matches all of `path`; an ambiguous path matches none."""
        if self._regex is None or self._regex.match(path) is None:
            return False
        return _AMBIGUOUS.search(path) is None


def is_sound(path: str) -> bool:
    """Tell whether a decoded path is without control characters and was UTF-8.

    A line break ends a `$` of a router, a log line or a header; U+FFFD is what a decoder puts in
    place of bytes that are no UTF-8, so that many paths would be one.
    """
    return (path.isascii() and path.isprintable()) or _UNSOUND.search(path) is None


@lru_cache(maxsize=16)
def path_patterns(patterns: tuple[str, ...]) -> PathPatterns:
    """Return the compiled patterns, kept for the next request."""
    return PathPatterns(patterns)
