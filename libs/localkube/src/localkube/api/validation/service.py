"""Services: type, ports and addresses."""

import ipaddress

from localkube.api.objects import Object
from localkube.api.validation import formats
from localkube.api.validation.field import Field
from localkube.api.validation.handlers import check_port
from localkube.api.validation.metadata import check_labels

AFFINITY_LIMIT_S = 86400
NODE_PORTS = range(30000, 32768)
_TRAFFIC = {"Cluster", "Local"}


def check_service(new: Object, old: Object | None, at: Field) -> None:
    """Check a Service."""
    spec, at = new["spec"], at.child("spec")
    kind = spec.get("type") or "ClusterIP"
    ports = spec.get("ports", [])
    if kind == "ExternalName":
        _check_external_name(spec, at)
    elif not ports:
        at.child("ports").required()
    _check_ports(ports, at.child("ports"), kind)
    check_labels(spec.get("selector", {}), at.child("selector"))
    _check_affinity(spec, at)
    _check_address(kind, spec, old, at)
    _check_traffic(kind, spec, at.child("externalTrafficPolicy"))


def _check_external_name(spec: Object, at: Field) -> None:
    if spec.get("clusterIP"):
        at.child("clusterIPs").forbidden("may not be set for ExternalName services")
    name = spec.get("externalName", "").removesuffix(".")
    at.child("externalName").check(name, formats.subdomain)


def _check_ports(ports: list[Object], at: Field, kind: str) -> None:
    names: set[str] = set()
    numbers: set[int] = set()
    node_ports: set[int] = set()
    for index, port in enumerate(ports):
        place, name, number = at.index(index), port.get("name", ""), port.get("port", 0)
        _check_name(name, names, place.child("name"), needed=len(ports) > 1)
        place.child("port").invalid(number, *formats.port_number(number))
        check_port(port.get("targetPort") or number, place.child("targetPort"))
        if protocol := port.get("appProtocol"):
            place.child("appProtocol").invalid(protocol, *formats.qualified_name(protocol))
        if node_port := port.get("nodePort"):
            _check_node_port(node_port, node_ports, kind, place.child("nodePort"))
        if number in numbers:
            place.duplicate({"port": number, "protocol": "TCP"})
        numbers.add(number)


def _check_name(name: str, names: set[str], at: Field, *, needed: bool) -> None:
    if not name:
        if needed:
            at.required()
        return
    at.invalid(name, *formats.label(name))
    at.unique(name, names)


def _check_node_port(number: int, others: set[int], kind: str, at: Field) -> None:
    if kind == "ClusterIP":
        at.forbidden("may not be used when `type` is 'ClusterIP'")
    at.unique(number, others)
    if kind == "NodePort" and number not in NODE_PORTS:
        valid = f"{NODE_PORTS.start}-{NODE_PORTS.stop - 1}"
        at.invalid(
            number, f"provided port is not in the valid range. The range of valid ports is {valid}"
        )


def _check_affinity(spec: Object, at: Field) -> None:
    if spec.get("sessionAffinity") != "ClientIP":
        return
    seconds = spec.get("sessionAffinityConfig", {}).get("clientIP", {}).get("timeoutSeconds", 1)
    if not 0 < seconds <= AFFINITY_LIMIT_S:
        place = at.child("sessionAffinityConfig").child("clientIP").child("timeoutSeconds")
        place.invalid(seconds, f"must be greater than 0 and less than {AFFINITY_LIMIT_S}")


def _check_address(kind: str, spec: Object, old: Object | None, at: Field) -> None:
    address, place = spec.get("clusterIP", ""), at.child("clusterIPs").index(0)
    if kind == "ExternalName":
        return
    before = old["spec"].get("clusterIP", "") if old is not None else ""
    if before and address != before:
        place.invalid([address], "may not change once set")
    if address and address != "None" and not _is_address(address):
        place.invalid(address, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _check_traffic(kind: str, spec: Object, at: Field) -> None:
    policy = spec.get("externalTrafficPolicy", "")
    if not policy:
        return
    if kind != "NodePort":
        at.invalid(policy, "may only be set for externally-accessible services")
    elif policy not in _TRAFFIC:
        at.unsupported(policy, _TRAFFIC)
