"""Write the discovery table, which every process reads."""

import json
from pathlib import Path

from localkube.api.discovery_table import table
from localkube.api.objects import Ref
from localkube.engine.store import Store


class DiscoveryTable:
    """Keeps a JSON file current; readers see the old table or the new one, never half of one."""

    def __init__(self, store: Store, path: Path) -> None:
        self._store, self._path = store, path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._write()
        store.subscribe(self._on_change)

    def _on_change(self, ref: Ref) -> None:
        if ref.kind == "Service":
            self._write()

    def _write(self) -> None:
        entries = table(self._store.list("Service"))
        fresh = self._path.with_suffix(".next")
        fresh.write_text(json.dumps(entries, indent=1, sort_keys=True), encoding="utf-8")
        fresh.replace(self._path)
