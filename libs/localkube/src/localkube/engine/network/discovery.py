"""Write the discovery table, which every process reads."""

import json
from pathlib import Path

from localkube.api.discovery_table import table
from localkube.api.objects import Ref
from localkube.engine.controller import Controller
from localkube.engine.store import Store

_TABLE = Ref("DiscoveryTable", "", "services")
"""The one key that is reconciled."""


class DiscoveryTable:
    """Writes the table at each change of a Service; readers see the old file or the new one."""

    def __init__(self, store: Store, path: Path) -> None:
        self._store, self._path = store, path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._write(_TABLE)
        Controller(store, lambda ref: [_TABLE] if ref.kind == "Service" else (), self._write)

    def _write(self, _: Ref) -> None:
        entries = table(self._store.list("Service"))
        fresh = self._path.with_suffix(".next")
        fresh.write_text(json.dumps(entries, indent=1, sort_keys=True), encoding="utf-8")
        fresh.replace(self._path)
