"""Redact secrets in logs: a second line of defense, since no code should log one."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

_REDACTED = "[redacted]"
_NAMES = r"(?:secret|password|token|authorization|credential|cookie|assertion|verifier)s?"
_SECRET_KEY = re.compile(rf"{_NAMES}\Z", re.IGNORECASE)
_SECRET_TEXTS = (
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {_REDACTED}"),
    # A form or query parameter, a JSON member, a Python argument.
    (
        re.compile(rf"({_NAMES}[\"']?\s*[=:]\s*[\"']?)[^\s&\"',;)}}\]]+", re.IGNORECASE),
        rf"\1{_REDACTED}",
    ),
    # Possessive: without an "@" the match fails once, not once for each colon.
    (re.compile(r"(?<=://)[^\s/@:]*+:[^\s/@]++(?=@)"), _REDACTED),
)


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Redact values that a key, a scheme or a parameter name marks as secret (structlog)."""
    for key, value in event.items():
        event[key] = _redacted(key, value)
    return event


def _redacted(key: str, value: Any) -> Any:
    if _SECRET_KEY.search(key):
        return _REDACTED
    if isinstance(value, str):
        for pattern, replacement in _SECRET_TEXTS:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, Mapping):
        return {inner: _redacted(str(inner), item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted("", item) for item in value]
    return value
