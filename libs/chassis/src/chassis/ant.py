"""Ant-style path patterns as in Spring's AntPathMatcher, matched in linear time.

`?` matches one character, `*` and `{name}` any number within a segment, `**` any number of
segments. A pattern becomes a regular expression of atomic groups without backtracking: the
leftmost match between two stars leaves the most for the rest. The cost of a match is at most the
product of the lengths of path and pattern.
"""

import re
from itertools import groupby

_TOKENS = re.compile(r"\*+|\{[^{}/:*]+\}|\?|[^*?{}]+|[{}]")
_VARIABLE = re.compile(r"\{[^{}/:*]+\}")
_ANY = "*"
_ANY_SEGMENTS = "**"
_END_OF_SEGMENT = r"(?=/|\Z)"


def expression(pattern: str) -> str:
    """Return the regular expression of a pattern; raise ValueError if the pattern is invalid."""
    first, *others = _blocks(_absolute(pattern).split("/")[1:])
    if not others:
        return rf"(?=/){_block(first)}\Z"
    between = [rf"(?>(?:/[^/]*+)*?{_block(block)})" for block in others[:-1] if block]
    return rf"(?=/){_block(first)}{''.join(between)}(?:/[^/]*+)*{_block(others[-1])}\Z"


def _absolute(pattern: str) -> str:
    pattern = pattern.strip()
    return pattern if pattern.startswith("/") else f"/{pattern}"


def _blocks(segments: list[str]) -> list[list[str]]:
    """Split segments at each `**`."""
    blocks: list[list[str]] = [[]]
    for segment in segments:
        if segment == _ANY_SEGMENTS:
            blocks.append([])
        else:
            blocks[-1].append(segment)
    return blocks


def _block(segments: list[str]) -> str:
    return "".join(rf"/(?>{_segment(segment)}){_END_OF_SEGMENT}" for segment in segments)


def _segment(segment: str) -> str:
    if _VARIABLE.fullmatch(segment):
        return "[^/]++"
    first, *others = _pieces(segment)
    if not others:
        return first
    between = [rf"(?>[^/]*?{piece})" for piece in others[:-1] if piece]
    return rf"{first}{''.join(between)}[^/]*{others[-1]}{_END_OF_SEGMENT}"


def _pieces(segment: str) -> list[str]:
    """Return the expressions before, between and after the stars."""
    tokens = [_token(text) for text in _TOKENS.findall(segment)]
    pieces = [""]
    for is_star, group in groupby(tokens, _ANY.__eq__):
        if is_star:
            pieces.append("")
        else:
            pieces[-1] = "".join(group)
    return pieces


def _token(text: str) -> str:
    if text.startswith("*") or _VARIABLE.fullmatch(text):
        return _ANY
    if text in ("{", "}"):
        raise ValueError("braces in a path pattern take a name, not an expression; or write *")
    return "[^/]" if text == "?" else re.escape(text)
