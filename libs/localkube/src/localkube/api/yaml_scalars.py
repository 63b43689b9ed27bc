"""Resolve plain YAML scalars as kubectl: go-yaml v2's rules, neither YAML 1.1 nor 1.2.

`yes`, `on` and `y` are booleans, `0777` and `0o14` octal numbers; `1:30` and dates are strings.
"""

import math
import re

_TAG = "tag:yaml.org,2002:"
TEXT, BOOL, NULL = f"{_TAG}str", f"{_TAG}bool", f"{_TAG}null"
INT, FLOAT, MERGE = f"{_TAG}int", f"{_TAG}float", f"{_TAG}merge"
MAP, SEQUENCE, BINARY = f"{_TAG}map", f"{_TAG}seq", f"{_TAG}binary"

Scalar = str | bool | int | float | None

_BOOLEANS = {"y": True, "yes": True, "true": True, "on": True}
_BOOLEANS |= {"n": False, "no": False, "false": False, "off": False}
_SPECIAL = {"nan": math.nan, "inf": math.inf}
_INTEGER = re.compile(r"([-+]?)(?:0([bB][01]+|[oO]?[0-7]+|[xX][0-9a-fA-F]+)|([1-9][0-9]*|0))")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])_(?=[0-9])")
_BASES = {"b": 2, "o": 8, "x": 16}
_INT64, _UINT64 = 2**63, 2**64
_JSON_INTEGER = 1e21
"""From here on Go prints a whole number with an exponent, so that it is not an integer."""


def resolve(text: str) -> tuple[str, Scalar]:
    """Return the tag and value of a plain scalar."""
    if text in {"", "~"} or _spelled(text, "null"):
        return NULL, None
    if text == "<<":
        return MERGE, text
    word = text.lower()
    if word in _BOOLEANS and _spelled(text, word):
        return BOOL, _BOOLEANS[word]
    number = _special(text)
    if number is None:
        number = _number(_without_underscores(text))
    if number is None:
        return TEXT, text
    return (INT if isinstance(number, int) else FLOAT), number


def _spelled(text: str, word: str) -> bool:
    """Say whether a text is a word in one of YAML's three spellings."""
    return text in {word, word.capitalize(), word.upper()}


def _without_underscores(text: str) -> str:
    if text[0] == ".":
        return _BETWEEN_DIGITS.sub("", text)
    return text.replace("_", "") if text[0] != "_" else text


def _special(text: str) -> float | None:
    sign, point, name = text.rpartition(".")
    value = _SPECIAL.get(name.lower())
    spelled = _spelled(name, name.lower()) or name == "NaN"
    if value is None or not point or not spelled or sign not in {"", "+", "-"}:
        return None
    if math.isnan(value):
        return None if sign else value
    return -value if sign == "-" else value


def _number(plain: str) -> int | float | None:
    if found := _INTEGER.fullmatch(plain):
        value = _integer(*found.groups())
        if -_INT64 <= value < (_INT64 if found[1] else _UINT64):
            return value
    if not _FLOAT.fullmatch(plain):
        return None
    real = float(plain)
    if math.isinf(real):
        return None  # a string, as in Go
    # Any whole number is an integer in JSON: `replicas: 1e1` is 10.
    return int(real) if real.is_integer() and abs(real) < _JSON_INTEGER else real


def _integer(sign: str, prefixed: str | None, decimal: str | None) -> int:
    if prefixed is None:
        value = int(decimal or "0")
    else:
        base = _BASES.get(prefixed[0].lower())
        value = int(prefixed[1:], base) if base else int(prefixed, 8)
    return -value if sign == "-" else value
