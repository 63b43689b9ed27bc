"""Two responses to the same request, shortened to what differs between them."""

import json
from collections.abc import Mapping
from typing import Any

from suitectl.platform.http import Reply

WIDTH = 66
"""So that a line fits into 80 columns behind its label."""
_ROOM = WIDTH - len("200 ")


def difference(before: Reply, after: Reply) -> tuple[str, str]:
    """Return both as one line each: the status, and the fields that differ, or all of them.

    What is left out is an ellipsis.
    """
    was, now = _fields(before), _fields(after)
    if was is None or now is None:
        return _line(before, before.body), _line(after, after.body)
    keys = [key for key in {**was, **now} if was.get(key) != now.get(key)]
    if len(keys) > 1:
        keys = [key for key in keys if key != "pod"]
    return _line(before, _part(was, keys)), _line(after, _part(now, keys))


def _fields(reply: Reply) -> Mapping[str, Any] | None:
    try:
        found = reply.json()
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _part(fields: Mapping[str, Any], keys: list[str]) -> str:
    """Return these fields as JSON, or all but the pod where there are none of them."""
    chosen = {key: fields[key] for key in keys if key in fields}
    chosen = chosen or {key: value for key, value in fields.items() if key != "pod"}
    while len(text := _text(chosen, fields)) > _ROOM and len(chosen) > 1:
        chosen.popitem()
    return text


def _text(chosen: Mapping[str, Any], fields: Mapping[str, Any]) -> str:
    text = json.dumps(chosen, ensure_ascii=False)
    return text if len(chosen) == len(fields) else f"{text[:-1]}, …}}"


def _line(reply: Reply, body: str) -> str:
    text = " ".join(f"{reply.status} {body}".split())
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
