"""External paths, by Ingress and by Gateway, lead to existing Services and routes."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from manifests.suite_manifests import Manifest, Manifests, namespace_of, title

ALL = "/*"
"""Stands for every path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A host and path that leads to a Service's port, by number or by name."""

    by: str
    host: str
    path: str
    namespace: str
    service: str
    port: int | str


def ways(manifests: Manifests) -> Iterator[Way]:
    """Yield every external path of an Ingress or an HTTPRoute."""
    for ingress in manifests.of("Ingress"):
        yield from _ingress_ways(ingress)
    for route in manifests.of("HTTPRoute"):
        for host in sorted(_hosts(manifests, route)):
            yield from _route_ways(route, host)


def way_findings(manifests: Manifests, paths: Mapping[str, AbstractSet[str]]) -> Iterator[str]:
    """Return external paths without a Service, port or route. `paths` has the services' routes."""
    for way in ways(manifests):
        service = manifests.get("Service", way.service, way.namespace)
        if service is None:
            yield f"{way.by}: no Service {way.service} in {way.namespace}"
            continue
        if way.port not in {
            one for p in service["spec"]["ports"] for one in (p["port"], p["name"])
        }:
            yield f"{way.by}: Service {way.service} has no port {way.port}"
        if way.path != ALL and way.path not in paths[service["spec"]["selector"]["app"]]:
            yield f"{way.by}: {way.path} is not a route of {way.service}"


def encryption_findings(manifests: Manifests) -> Iterator[str]:
    """Return hosts that would be served without TLS."""
    for ingress in manifests.of("Ingress"):
        covered = {host for tls in ingress["spec"].get("tls", []) for host in tls["hosts"]}
        for rule in ingress["spec"]["rules"]:
            if rule.get("host") not in covered:
                yield f"{title(ingress)}: no TLS for {rule.get('host', 'every host')}"
    for gateway in manifests.of("Gateway"):
        for listener in gateway["spec"]["listeners"]:
            if listener["protocol"] != "HTTPS" or not listener.get("tls", {}).get(
                "certificateRefs"
            ):
                yield f"{title(gateway)}: no TLS for {listener['hostname']}"


def attachment_findings(manifests: Manifests) -> Iterator[str]:
    """Return routes that no listener of a Gateway accepts."""
    for route in manifests.of("HTTPRoute"):
        if not _hosts(manifests, route):
            yield f"{title(route)}: attached to no listener"


def _ingress_ways(ingress: Manifest) -> Iterator[Way]:
    for rule in ingress["spec"]["rules"]:
        for path in rule["http"]["paths"]:
            backend = path["backend"]["service"]
            yield Way(
                by=title(ingress),
                host=rule.get("host", ""),
                path=_path(path["pathType"], path["path"]),
                namespace=namespace_of(ingress),
                service=backend["name"],
                port=backend["port"].get("name") or backend["port"]["number"],
            )


def _route_ways(route: Manifest, host: str) -> Iterator[Way]:
    everything = [{"path": {"type": "PathPrefix", "value": "/"}}]
    for rule in route["spec"]["rules"]:
        for match in rule.get("matches", everything):
            for backend in rule["backendRefs"]:
                yield Way(
                    by=title(route),
                    host=host,
                    path=_path(match["path"]["type"], match["path"]["value"]),
                    namespace=backend.get("namespace", namespace_of(route)),
                    service=backend["name"],
                    port=backend["port"],
                )


def _path(kind: str, value: str) -> str:
    return value if kind == "Exact" else value.rstrip("/") + ALL


def _hosts(manifests: Manifests, route: Manifest) -> set[str]:
    """Return the hosts of a route's listeners that allow the route's namespace."""
    return {
        listener["hostname"]
        for parent in route["spec"]["parentRefs"]
        for gateway in manifests.of("Gateway")
        for listener in gateway["spec"]["listeners"]
        if gateway["metadata"]["name"] == parent["name"]
        and namespace_of(gateway) == parent.get("namespace", namespace_of(route))
        and listener["name"] == parent["sectionName"]
        and _lets_in(listener, namespace_of(gateway), namespace_of(route))
    }


def _lets_in(listener: Manifest, own: str, other: str) -> bool:
    """Return whether a listener allows routes of a namespace; the default is the Gateway's own."""
    allowed = listener.get("allowedRoutes", {}).get("namespaces", {"from": "Same"})
    if allowed["from"] == "Same":
        return own == other
    labels: dict[str, str] = allowed["selector"]["matchLabels"]
    return labels == {"kubernetes.io/metadata.name": other}
