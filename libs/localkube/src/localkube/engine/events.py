"""Events, which `describe` and `get events` show."""

import zlib

from localkube.api.objects import Object, Ref, timestamp
from localkube.engine.store import Store

LIMIT = 500
"""Stored events; the least recent is removed first."""


class Events:
    """Records events in the store and counts repeated ones."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._counts: dict[Ref, int] = {}

    def record(self, ref: Ref, reason: str, message: str, *, warning: bool = False) -> None:
        """Record an event of the object `ref`; `message` must not contain a secret."""
        digest = zlib.crc32(f"{ref.kind} {reason} {message}".encode())
        event = Ref("Event", ref.namespace, f"{ref.name}.{digest:08x}")
        self._counts[event] = self._counts.pop(event, 0) + 1
        now, before = timestamp(), self._store.find(event)
        document: Object = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": event.name, "namespace": event.namespace},
            "type": "Warning" if warning else "Normal",
            "reason": reason,
            "message": message,
            "involvedObject": {"kind": ref.kind, "namespace": ref.namespace, "name": ref.name},
            "count": self._counts[event],
            "firstTimestamp": before["firstTimestamp"] if before else now,
            "lastTimestamp": now,
        }
        self._store.put(document)
        if len(self._counts) > LIMIT:
            oldest = next(iter(self._counts))
            del self._counts[oldest]
            self._store.remove(oldest)
