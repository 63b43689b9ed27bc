"""Names and ports are the documented ones that people already use."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from manifests.suite_manifests import Manifests, containers

MANAGEMENT_OFFSET = 10_000


@dataclass(frozen=True, slots=True)
class Expected:
    """The names and ports of one Deployment and its Service."""

    namespace: str
    replicas: int
    service: str
    service_ports: tuple[tuple[str, int], ...]
    container_ports: tuple[tuple[str, int], ...]


def _service(
    namespace: str, replicas: int, service: str, port: int, *, container: str, own: str
) -> Expected:
    return Expected(
        namespace,
        replicas,
        service,
        service_ports=((own, port), ("http", 80)),
        container_ports=((container, port), ("management", port + MANAGEMENT_OFFSET)),
    )


_DIFF_NS = _service(
    "ns-app", 3, "diff-ns-service-service", 2001, container="diff-ns", own="diff-ns-svc"
)
EXPECTED: Mapping[str, Expected] = {
    "cas-server-deployment": _service(
        "system-server",
        3,
        "cas-server-service",
        2000,
        container="cas-server01",
        own="cas-server01",
    ),
    "rest-service-deployment": _service(
        "system-server", 2, "rest-service-service", 2001, container="rest", own="rest-svc"
    ),
    "diff-ns-service-v1-deployment": _DIFF_NS,
    "diff-ns-service-v2-deployment": _DIFF_NS,
    "redis-deployment": Expected(
        "system-server", 1, "redis", (("redis", 6379),), (("redis", 6379),)
    ),
}


def deployment_name_findings(manifests: Manifests) -> Iterator[str]:
    """Return Deployments that are missing, or differ in replicas or container ports."""
    for name, expected in EXPECTED.items():
        deployment = manifests.get("Deployment", name, expected.namespace)
        if deployment is None:
            yield f"Deployment/{name}: not in {expected.namespace}"
            continue
        if deployment["spec"]["replicas"] != expected.replicas:
            yield f"Deployment/{name}: {deployment['spec']['replicas']} replicas"
        ports = tuple(
            (port["name"], port["containerPort"])
            for container in containers(deployment)
            for port in container["ports"]
        )
        if ports != expected.container_ports:
            yield f"Deployment/{name}: ports {ports}"


def service_name_findings(manifests: Manifests) -> Iterator[str]:
    """Return Services that are missing or do not listen on their own port and on 80."""
    for expected in EXPECTED.values():
        service = manifests.get("Service", expected.service, expected.namespace)
        if service is None:
            yield f"Service/{expected.service}: not in {expected.namespace}"
            continue
        ports = tuple((port["name"], port["port"]) for port in service["spec"]["ports"])
        if ports != expected.service_ports:
            yield f"Service/{expected.service}: ports {ports}"


def node_port_findings(manifests: Manifests) -> Iterator[str]:
    """Return external access other than rest-service's node port."""
    for service in manifests.of("Service"):
        name = service["metadata"]["name"]
        fixed = [port["nodePort"] for port in service["spec"]["ports"] if "nodePort" in port]
        outside = service["spec"].get("type", "ClusterIP"), fixed
        allowed = ("NodePort", [32001]) if name == "rest-service-service" else ("ClusterIP", [])
        if outside != allowed:
            yield f"Service/{name}: reachable from outside by {outside}"


def version_findings(manifests: Manifests) -> Iterator[str]:
    """Return differences between the two versions of diff-ns-service besides the version."""
    v1, v2 = (
        repr(manifests.get("Deployment", f"diff-ns-service-{version}-deployment"))
        for version in ("v1", "v2")
    )
    if v1.replace("'v1'", "'v2'").replace("-v1-", "-v2-") != v2:
        yield "diff-ns-service: v1 and v2 differ in more than their version"
