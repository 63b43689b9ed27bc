"""Events: what happened to an object, as `describe` and `get events` show it."""

from collections import OrderedDict

from localkube.objects import Object, Ref, timestamp
from localkube.store import Store

LIMIT = 500
"""Events kept; the oldest goes first."""


class Events:
    """Records events in the store; repeated ones are counted."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: OrderedDict[tuple[Ref, str, str], Ref] = OrderedDict()
        self._number = 0

    def record(self, ref: Ref, reason: str, message: str, *, warning: bool = False) -> None:
        """Note that something happened to `ref`; `message` must hold no secret."""
        key = (ref, reason, message)
        event = self._known.get(key)
        if event is None:
            event = self._name(ref)
        self._known[key] = event
        self._known.move_to_end(key)
        self._store.put(self._document(event, key, warning=warning))
        while len(self._known) > LIMIT:
            self._store.remove(self._known.popitem(last=False)[1])

    def _name(self, ref: Ref) -> Ref:
        self._number += 1
        return Ref("Event", ref.namespace, f"{ref.name}.{self._number:06x}")

    def _document(self, event: Ref, key: tuple[Ref, str, str], *, warning: bool) -> Object:
        ref, reason, message = key
        earlier = self._store.find(event)
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": event.name, "namespace": event.namespace},
            "type": "Warning" if warning else "Normal",
            "reason": reason,
            "message": message,
            "involvedObject": {"kind": ref.kind, "namespace": ref.namespace, "name": ref.name},
            "count": 1 + (earlier["count"] if earlier else 0),
            "lastTimestamp": timestamp(),
        }
