"""What a Service was given, and keeps when it is changed: its address and its node ports.

As kube-apiserver does it (pkg/registry/core/service): what is not mentioned stays, and what
belongs to the type before goes with it.
"""

from localkube.api.objects import Object

_OUTSIDE = ("NodePort",)
"""Types of a Service that is reached from outside."""


def kept(new: Object, old: Object | None) -> Object:
    """Return an object that shall be with what it keeps of the one that is."""
    if new["kind"] != "Service" or old is None:
        return new
    spec, before = dict(new["spec"]), old["spec"]
    if _has_address(spec) and _has_address(before) and "clusterIP" in before:
        spec.setdefault("clusterIP", before["clusterIP"])
    elif not _has_address(spec) and spec.get("clusterIP") == before.get("clusterIP"):
        spec.pop("clusterIP", None)
    if _is_outside(spec) and _is_outside(before):
        spec["ports"] = _with_node_ports(spec.get("ports", []), before.get("ports", []))
    elif _is_outside(before):
        spec = _without_outside(spec, before)
    return {**new, "spec": spec}


def _has_address(spec: Object) -> bool:
    return spec.get("type") != "ExternalName"


def _is_outside(spec: Object) -> bool:
    return spec.get("type") in _OUTSIDE


def _with_node_ports(ports: list[Object], before: list[Object]) -> list[Object]:
    """Give ports of the same name the node port they had, where nothing else asks for it."""
    asked = {port["nodePort"] for port in ports if "nodePort" in port}
    had = {port.get("name"): port["nodePort"] for port in before if "nodePort" in port}
    found = [(port, had.get(port.get("name"))) for port in ports]
    return [
        {**port, "nodePort": number}
        if number and "nodePort" not in port and number not in asked
        else port
        for port, number in found
    ]


def _without_outside(spec: Object, before: Object) -> Object:
    """Drop what only a Service reached from outside has, unless it was asked for anew."""
    had = [port.get("nodePort") for port in before.get("ports", [])]
    if [port.get("nodePort") for port in spec.get("ports", [])] == had:
        spec["ports"] = [
            {k: v for k, v in port.items() if k != "nodePort"} for port in spec["ports"]
        ]
    policy = "externalTrafficPolicy"
    if spec.get(policy) == before.get(policy):
        spec.pop(policy, None)
    return spec
