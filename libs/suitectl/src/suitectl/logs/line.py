"""A line of a pod's log, and the record that it contains."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suitectl.platform.pod import Pod


@dataclass(frozen=True, slots=True)
class Line:
    """A line, where it comes from, and its fields; a line that is no JSON is a `message`."""

    pod: Pod
    container: str
    record: Mapping[str, Any]

    @classmethod
    def of(cls, pod: Pod, container: str, text: str) -> "Line":
        """Read a line."""
        return cls(pod, container, _record(text))

    @property
    def time(self) -> str:
        """Return its time in ISO 8601; empty where it states none."""
        return str(self.record.get("ts", ""))

    @property
    def level(self) -> str:
        """Return its level; a line that states none counts as `info`."""
        return str(self.record.get("level", "info")).lower()

    @property
    def trace_id(self) -> str:
        """Return the trace that it belongs to; empty where it belongs to none."""
        return str(self.record.get("trace_id", ""))


def _record(text: str) -> Mapping[str, Any]:
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return {"message": text}
        if isinstance(found, dict):
            return found
    return {"message": text}
