"""Services and EndpointSlices for tests."""

from typing import Any


def service(name: str, namespace: str = "ns-app", **spec: Any) -> dict[str, Any]:
    """Build a Service. The default has port 80 and the cluster IP 10.96.0.1."""
    wanted = {"clusterIP": "10.96.0.1", "ports": [{"name": "http", "port": 80}]} | spec
    return {"metadata": {"namespace": namespace, "name": name}, "spec": wanted}


def endpoint_slice(service: str, *pods: Any, name: str = "x", **more: Any) -> dict[str, Any]:
    """Build an EndpointSlice of a Service. A pod is an address, or an address with conditions."""
    listed = [pod if isinstance(pod, tuple) else (pod, {"ready": True}) for pod in pods]
    return {
        "metadata": {
            "namespace": "ns-app",
            "name": f"{service}-{name}",
            "labels": {"kubernetes.io/service-name": service},
        },
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 2001}],
        "endpoints": [{"addresses": [ip], "conditions": said} for ip, said in listed],
    } | more
