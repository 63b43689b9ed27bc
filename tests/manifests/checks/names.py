"""Names and ports follow from a service's name; the seed's own are in the services' unit tests."""

from collections.abc import Iterator

from manifests.suite_manifests import Manifests, containers
from suitectl.catalogue import NODE_PORT, services

MANAGEMENT_OFFSET = 10_000
NODE_PORTS = range(30_000, 32_768)


def deployment_name_findings(manifests: Manifests) -> Iterator[str]:
    """Return Deployments with other names, ports or fewer replicas than a service has."""
    for service in services().values():
        for version, name in service.deployments.items():
            deployment = manifests.get("Deployment", name, service.namespace)
            expected = "-".join(filter(None, (service.name, version, "deployment")))
            if deployment is None or name != expected:
                yield f"Deployment/{expected}: not in {service.namespace}"
                continue
            if deployment["spec"]["replicas"] <= 1:
                yield f"Deployment/{name}: {deployment['spec']['replicas']} replicas"
            ports = [p for container in containers(deployment) for p in container["ports"]]
            own, *others = [(port["name"], port["containerPort"]) for port in ports]
            if others != [("management", own[1] + MANAGEMENT_OFFSET)] or own[1] != service.port:
                yield f"Deployment/{name}: ports {(own, *others)}"


def service_name_findings(manifests: Manifests) -> Iterator[str]:
    """Return Services that are missing or do not listen on their own port and on 80."""
    for service in services().values():
        name = f"{service.name}-service"
        found = manifests.get("Service", name, service.namespace)
        if found is None:
            yield f"Service/{name}: not in {service.namespace}"
            continue
        own, *others = ((port["name"], port["port"]) for port in found["spec"]["ports"])
        if others != [("http", 80)] or own[1] != service.port:
            yield f"Service/{name}: ports {(own, *others)}"


def node_port_findings(manifests: Manifests) -> Iterator[str]:
    """Return external access other than the node port of what is labelled so."""
    for service in manifests.of("Service"):
        fixed = [port["nodePort"] for port in service["spec"]["ports"] if "nodePort" in port]
        kind = service["spec"].get("type", "ClusterIP")
        labelled = NODE_PORT in service["metadata"].get("labels", {})
        wanted = len(fixed) == 1 and fixed[0] in NODE_PORTS if labelled else not fixed
        if kind != ("NodePort" if labelled else "ClusterIP") or not wanted:
            yield f"Service/{service['metadata']['name']}: reachable from outside by {kind, fixed}"


def version_findings(manifests: Manifests) -> Iterator[str]:
    """Return differences between the versions of a service besides the version."""
    for service in services().values():
        texts = {
            repr(manifests.get("Deployment", name, service.namespace))
            .replace(f"'{version}'", "'v'")
            .replace(f"-{version}-", "-v-")
            for version, name in service.deployments.items()
            if version
        }
        if len(texts) > 1:
            yield f"{service.name}: its versions differ in more than their version"
