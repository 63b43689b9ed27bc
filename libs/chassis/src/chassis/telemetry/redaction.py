"""The last line of defence of the logs: what looks like a secret is struck out.

The first line is that nobody logs one.
"""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

_STRUCK = "[redacted]"
_NAMES = r"(?:secret|password|token|authorization|credential|cookie|assertion|verifier)s?"
_SECRET_KEY = re.compile(rf"{_NAMES}\Z", re.IGNORECASE)
_SECRET_TEXTS = (
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {_STRUCK}"),
    # A form or query parameter, a JSON member, a Python argument.
    (
        re.compile(rf"({_NAMES}[\"']?\s*[=:]\s*[\"']?)[^\s&\"',;)}}\]]+", re.IGNORECASE),
        rf"\1{_STRUCK}",
    ),
    # Possessive: no "@" behind a password is found by one look, not by one from each of its colons.
    (re.compile(r"(?<=://)[^\s/@:]*+:[^\s/@]++(?=@)"), _STRUCK),
)


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Strike out what a key, a scheme or a parameter's name marks as secret (structlog)."""
    for key, value in event.items():
        event[key] = _redacted(key, value)
    return event


def _redacted(key: str, value: Any) -> Any:
    if _SECRET_KEY.search(key):
        return _STRUCK
    if isinstance(value, str):
        for pattern, replacement in _SECRET_TEXTS:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, Mapping):
        return {inner: _redacted(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted("", item) for item in value]
    return value
