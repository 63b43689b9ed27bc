"""The open paths of `security.path.ignores`, and which paths are well-formed."""

import re
from collections.abc import Iterable
from functools import lru_cache

from chassis.ant import expression

_UNSOUND = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")
_MAYBE_AMBIGUOUS = re.compile(r"[^A-Za-z0-9_/-]")
# Never an open path: routers, proxies and file systems interpret these differently.
_AMBIGUOUS = re.compile(
    r"//|[\\;\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffd]|%[0-9A-Fa-f]{2}|(?:^|/)\.\.?(?:/|\Z)"
)


class PathPatterns:
    """Match request paths against Ant-style patterns, in time linear in the path."""

    def __init__(self, patterns: Iterable[str]) -> None:
        expressions = [expression(pattern) for pattern in patterns]
        self._regex = re.compile("|".join(expressions)) if expressions else None

    def match(self, path: str) -> bool:
        """Return whether a pattern matches the whole path; an ambiguous path matches none."""
        if self._regex is None or self._regex.match(path) is None:
            return False
        return not _is_ambiguous(path)


def _is_ambiguous(path: str) -> bool:
    # One class of characters first: the search for the alternatives takes as long as all matching.
    is_suspect = "//" in path or _MAYBE_AMBIGUOUS.search(path) is not None
    return is_suspect and _AMBIGUOUS.search(path) is not None


def is_sound(path: str) -> bool:
    """Return whether a decoded path has no control characters and was valid UTF-8.

    A line break would match a router's `$` and end a log line or a header. U+FFFD replaces invalid
    bytes, so that different paths would become equal.
    """
    return (path.isascii() and path.isprintable()) or _UNSOUND.search(path) is None


@lru_cache(maxsize=16)
def path_patterns(patterns: tuple[str, ...]) -> PathPatterns:
    """Return the compiled patterns, cached."""
    return PathPatterns(patterns)
