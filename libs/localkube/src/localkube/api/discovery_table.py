"""The table by which processes find Services: `name.namespace:port` to `ip:port`."""

from localkube.api.objects import Object

_EXTERNAL_PORTS = (80, 443)
"""Ports of an ExternalName outside of the cluster that lists none."""


def table(services: list[Object]) -> dict[str, str]:
    """Build the table; an ExternalName inside of the cluster has its target's addresses."""
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
