"""Every probe uses a port and a path that the pod serves."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from manifests.suite_manifests import Manifest, Manifests, containers, title

PROBES = {"startupProbe": "/startupz", "readinessProbe": "/readyz", "livenessProbe": "/livez"}


def probe_findings(manifests: Manifests, routes: AbstractSet[str]) -> Iterator[str]:
    """Return probes that are missing, or use a port or path that does not exist."""
    for workload in manifests.workloads():
        for container in containers(workload):
            ports = {port["name"] for port in container["ports"]}
            for kind in PROBES:
                for finding in _findings(kind, container.get(kind, {}), ports, routes):
                    yield f"{title(workload)}: {kind}: {finding}"


def _findings(
    kind: str, probe: Manifest, ports: set[str], routes: AbstractSet[str]
) -> Iterator[str]:
    question = probe.get("httpGet") or probe.get("tcpSocket")
    if question is None:
        yield "missing"
        return
    if question["port"] not in ports:
        yield f"no port {question['port']}"
    if "httpGet" in probe:
        yield from _http_findings(kind, question, routes)


def _http_findings(kind: str, question: Manifest, routes: AbstractSet[str]) -> Iterator[str]:
    if question["port"] != "management":
        yield "asks the API port"
    if question["path"] not in routes:
        yield f"{question['path']} is not a route"
    if question["path"] != PROBES[kind]:
        yield f"{question['path']} is the path of another probe"
