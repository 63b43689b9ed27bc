"""The table by which processes find Services: `name.namespace:port` to `ip:port`."""

import json
from pathlib import Path

from localkube.objects import Object, Ref
from localkube.store import Store

_EXTERNAL_PORTS = (80, 443)
"""Ports of an ExternalName outside that lists none."""


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


def table(services: list[Object]) -> dict[str, str]:
    """Build the table; an ExternalName that is a Service here gets that one's addresses."""
    entries = {
        f"{_name(service)}:{port}": address
        for service in services
        for port, address in service.get("status", {}).get("addresses", {}).items()
    }
    for service in services:
        if service["spec"].get("type") == "ExternalName":
            entries |= _external(service, entries)
    return entries


def _external(service: Object, entries: dict[str, str]) -> dict[str, str]:
    name, target = _name(service), service["spec"]["externalName"].rstrip(".")
    if ".svc" in target:
        inside = ".".join(target.split(".")[:2]) + ":"
        found = {key: address for key, address in entries.items() if key.startswith(inside)}
        return {f"{name}:{key.removeprefix(inside)}": address for key, address in found.items()}
    declared = [port["port"] for port in service["spec"].get("ports", [])]
    return {f"{name}:{port}": f"{target}:{port}" for port in declared or _EXTERNAL_PORTS}


def _name(service: Object) -> str:
    return f"{service['metadata']['name']}.{service['metadata']['namespace']}"
