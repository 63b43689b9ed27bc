"""The component `discovery-rbac` grants exactly what discovery by the API server needs."""

from pathlib import Path
from typing import Any

import pytest

from chassis.discovery.kubernetes import CALLS
from manifests.checks.configuration import settings_of
from manifests.checks.discovery import MODE, discovery_findings
from manifests.checks.hardening import hardening_findings, service_account_findings
from manifests.checks.names import version_findings
from manifests.checks.network_policies import connections
from manifests.samples import API, DEPLOYMENT, needs_chassis
from manifests.suite_manifests import K8S, Manifests, composed, pod_spec, title
from suitectl.catalogue import on_chassis, token_service

COMPONENT = "discovery-rbac"
ROLE, BINDING = "ClusterRole/suite-discovery", "ClusterRoleBinding/suite-discovery"
REST = DEPLOYMENT
CAS = "Deployment/cas-server-deployment"
APIS = tuple(one for one in on_chassis().values() if one.is_api)
FOLLOWING = {f"Deployment/{name}" for api in APIS for name in api.deployments.values()}
ALL = len(FOLLOWING)
POD = "spec.template.spec"
CAS_ACCOUNT = {
    "kind": "ServiceAccount",
    "name": token_service().name,
    "namespace": token_service().namespace,
}
OWN = len(API.deployments)


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Manifests:
    """Return the dev suite with the component."""
    return composed(K8S / "base", [COMPONENT], tmp_path_factory.mktemp("dev"))


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Manifests:
    """Return the production overlay with the component."""
    return composed(K8S / "overlays/prod", [COMPONENT], tmp_path_factory.mktemp("prod"))


def test_services_in_mode_kubernetes_may_make_exactly_the_calls_of_the_code(
    production: Manifests,
) -> None:
    assert list(discovery_findings(production, CALLS)) == []
    following = {
        title(workload)
        for workload in production.workloads()
        if MODE in pod_spec(workload)["containers"][0].get("env", [])
    }
    assert following == FOLLOWING


def test_without_the_component_no_pod_has_a_token_or_rights(prod: Manifests) -> None:
    assert list(discovery_findings(prod, CALLS)) == []
    assert list(prod.of("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding")) == []


@needs_chassis
@pytest.mark.parametrize(
    ("target", "path", "value", "findings"),
    [
        (ROLE, "rules.0.verbs", ["list"], {"may not watch services": ALL}),
        (ROLE, "rules.1.resources", ["endpoints"], {"may not list endpointslices": ALL}),
        (ROLE, "rules.1.apiGroups", [""], {"may not watch endpointslices.discovery": ALL}),
        (ROLE, "rules.0.verbs", ["get", "list", "watch"], {"may get services and never": ALL}),
        (ROLE, "rules.0.resources", ["services", "secrets"], {"may list secrets and never": ALL}),
        (ROLE, "rules.0.resources", ["*"], {"may list * and never": ALL, "not list services": ALL}),
        (BINDING, "roleRef.name", "view", {"may not": 4 * ALL}),
        (BINDING, "subjects.OWN.namespace", "default", {f"{REST}: may not": 4, "may not": 4 * OWN}),
        (BINDING, "subjects.OWN", CAS_ACCOUNT, {f"{CAS}: may": 4, f"{REST}: may not": 4}),
        (REST, f"{POD}.automountServiceAccountToken", False, {f"{REST}: no token": 1}),
        (CAS, f"{POD}.automountServiceAccountToken", True, {f"{CAS}: a token for nothing": 1}),
        (REST, f"{POD}.containers.0.env", [], {"a token for nothing": 1, "and never does": 4}),
    ],
)
def test_missing_and_excessive_rights_are_found(
    production: Manifests, target: str, path: str, value: Any, findings: dict[str, int]
) -> None:
    path = path.replace("OWN", str(_subject(production)))
    found = list(discovery_findings(production.changed(target, path, value), CALLS))
    assert {text: sum(text in line for line in found) for text in findings} == findings


def _subject(production: Manifests) -> int:
    """Return which subject of the binding the sample's account is."""
    binding = production.get(*BINDING.split("/"))
    assert binding is not None
    (account,) = API.of("ServiceAccount")
    return [one["name"] for one in binding["subjects"]].index(account["metadata"]["name"])


def test_a_call_of_the_code_that_no_role_allows_is_found(production: Manifests) -> None:
    more = CALLS | {("", "pods", "list")}
    assert len(list(discovery_findings(production, more))) == len(FOLLOWING)


def test_the_token_is_the_only_relaxation_of_a_pod(production: Manifests) -> None:
    token = "mounts a service account token"
    assert set(hardening_findings(production)) == {f"{name}: {token}" for name in FOLLOWING}
    assert list(service_account_findings(production)) == []


@needs_chassis
def test_a_policy_for_another_port_is_found(prod: Manifests, production: Manifests) -> None:
    policy = production.get("NetworkPolicy", API.name)
    assert policy is not None
    last = len(policy["spec"]["egress"]) - 1
    path = f"spec.egress.{last}.ports.0.port"
    changed = production.changed(f"NetworkPolicy/{API.name}", path, 443)
    assert set(connections(changed)) - set(connections(prod)) == {
        (api.name, "the API server", 6443) for api in APIS if api.name != API.name
    }


@pytest.mark.parametrize("service", [api.name for api in APIS])
def test_the_services_load_their_discovery_mode(
    dev: Manifests, tmp_path: Path, service: str
) -> None:
    settings = settings_of(dev, service, ["dev"], tmp_path)
    assert settings.discovery.mode == "kubernetes"
    assert settings.spring.cloud.kubernetes.discovery.all_namespaces


def test_the_versions_of_a_service_differ_only_in_their_version(dev: Manifests) -> None:
    assert list(version_findings(dev)) == []
