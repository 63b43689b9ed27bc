"""Objects, ports and replicas are the ones that documentation and demos use."""

from typing import Any

import pytest

from manifests.checks.names import (
    deployment_name_findings,
    node_port_findings,
    service_name_findings,
    version_findings,
)
from manifests.samples import API, V2
from manifests.suite_manifests import Manifests
from sample_services import is_outside, needs_versions

CAS, SERVICE = "Deployment/cas-server-deployment", f"Service/{API.service}"


def test_deployments_have_the_names_replicas_and_ports_of_the_design(base: Manifests) -> None:
    assert list(deployment_name_findings(base)) == []


@pytest.mark.parametrize(
    ("path", "value", "finding"),
    [
        ("metadata.name", "cas-server", "not in system-server"),
        ("metadata.namespace", "default", "not in system-server"),
        ("spec.replicas", 1, "1 replicas"),
        ("spec.template.spec.containers.0.ports.0.containerPort", 2002, "ports"),
        ("spec.template.spec.containers.0.ports.1.containerPort", 12001, "ports"),
    ],
)
def test_a_renamed_or_resized_deployment_is_found(
    base: Manifests, path: str, value: Any, finding: str
) -> None:
    (found,) = deployment_name_findings(base.changed(CAS, path, value))
    assert found.startswith(CAS)
    assert finding in found


def test_services_listen_on_their_own_port_and_on_80(base: Manifests) -> None:
    assert list(service_name_findings(base)) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "cas-server"),
        ("metadata.namespace", "ns-app"),
        ("spec.ports.0.port", 2002),
        ("spec.ports.1.port", 8080),
    ],
)
def test_a_renamed_or_moved_service_is_found(base: Manifests, path: str, value: Any) -> None:
    changed = base.changed("Service/cas-server-service", path, value)
    (finding,) = service_name_findings(changed)
    assert finding.startswith("Service/cas-server-service: ")


def test_only_a_labelled_node_port_is_reachable_from_outside(base: Manifests) -> None:
    assert list(node_port_findings(base)) == []


@pytest.mark.parametrize(
    ("target", "path", "value"),
    [
        ("Service/redis", "spec.type", "LoadBalancer"),
        (SERVICE, "spec.ports.0.nodePort", 2002),
        (SERVICE, "spec.type", "ClusterIP" if is_outside(API) else "NodePort"),
    ],
)
def test_another_external_service_is_found(
    base: Manifests, target: str, path: str, value: Any
) -> None:
    (finding,) = node_port_findings(base.changed(target, path, value))
    assert finding.startswith(f"{target}: reachable from outside by")


def test_the_versions_of_a_service_differ_only_in_their_version(base: Manifests) -> None:
    assert list(version_findings(base)) == []


@needs_versions
def test_any_other_difference_between_the_versions_is_found(base: Manifests) -> None:
    changed = base.changed(V2, "spec.replicas", 4)
    assert list(version_findings(changed)) != []
