"""One event, one line of JSON, never longer than a container runtime takes in one piece."""

from collections.abc import MutableMapping
from typing import Any

from structlog.processors import JSONRenderer

MAX_LINE = 16 * 1024
"""Characters, all ASCII. containerd, CRI-O and Docker split longer lines, and no half is JSON."""

_LIMITS = (4096, 1024, 256, 64, 16)
"""To how many characters values are cut, the first that will do."""

_json = JSONRenderer()


def render(logger: Any, name: str, event: MutableMapping[str, Any]) -> str | bytes:
    """Write an event as JSON (structlog); where it is too long, the middles of values go."""
    line = _json(logger, name, event)
    for limit in _LIMITS:
        if len(line) <= MAX_LINE:
            break
        line = _json(logger, name, {key: _cut(value, limit) for key, value in event.items()})
    return line


def _cut(value: Any, limit: int) -> Any:
    """Leave both ends: a traceback begins with the place and ends with the reason."""
    if isinstance(value, int | float | None):
        return value
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= limit else f"{text[: limit // 2]}…{text[-limit // 2 :]}"
