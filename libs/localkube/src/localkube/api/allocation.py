"""Preserve a Service's allocated address and node ports when it is changed.

As kube-apiserver (pkg/registry/core/service): unmentioned values stay, and values of a former
type are removed.
"""

from localkube.api.objects import Object


def with_allocated(new: Object, old: Object | None) -> Object:
    """Return a new object with the values that were allocated for the old one."""
    if new["kind"] != "Service" or old is None:
        return new
    spec, before = dict(new["spec"]), old["spec"]
    if _has_address(spec) and _has_address(before) and "clusterIP" in before:
        spec.setdefault("clusterIP", before["clusterIP"])
    elif not _has_address(spec) and spec.get("clusterIP") == before.get("clusterIP"):
        spec.pop("clusterIP", None)
    if _has_node_ports(spec) and _has_node_ports(before):
        spec["ports"] = _with_node_ports(spec.get("ports", []), before.get("ports", []))
    elif _has_node_ports(before):
        spec = _without_node_ports(spec, before)
    return {**new, "spec": spec}


def _has_address(spec: Object) -> bool:
    return spec.get("type") != "ExternalName"


def _has_node_ports(spec: Object) -> bool:
    return spec.get("type") == "NodePort"


def _with_node_ports(ports: list[Object], before: list[Object]) -> list[Object]:
    """Preserve the node ports of ports by name, unless another port requests the number."""
    requested = {port["nodePort"] for port in ports if "nodePort" in port}
    had = {port.get("name"): port["nodePort"] for port in before if "nodePort" in port}
    pairs = [(port, had.get(port.get("name"))) for port in ports]
    return [
        {**port, "nodePort": number}
        if number and "nodePort" not in port and number not in requested
        else port
        for port, number in pairs
    ]


def _without_node_ports(spec: Object, before: Object) -> Object:
    """Remove the fields of a NodePort Service, unless the request changed them."""
    had = [port.get("nodePort") for port in before.get("ports", [])]
    if [port.get("nodePort") for port in spec.get("ports", [])] == had:
        spec["ports"] = [
            {k: v for k, v in port.items() if k != "nodePort"} for port in spec["ports"]
        ]
    policy = "externalTrafficPolicy"
    if spec.get(policy) == before.get(policy):
        spec.pop(policy, None)
    return spec
