"""A service that is added to the base is in production as every other, with no list edited."""

import json
import shutil
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from chassis.app.management import MANAGEMENT_PATHS
from manifests.checks.discovery import MODE
from manifests.checks.hardening import hardening_findings, service_account_findings
from manifests.checks.monitoring import scrape_findings
from manifests.checks.network_policies import connections
from manifests.checks.selectors import deployment_selector_findings, disruption_budget_findings
from manifests.suite_manifests import K8S, Manifest, Manifests, pod_labels, pod_spec, render
from suitectl.catalogue import LANGUAGE, OPTIONAL, Service, apis, read, token_service

NAME, NAMESPACE = "added-by-a-test", "ns-added-by-a-test"
TOKENS = token_service()
EXAMPLE = min(apis(), key=lambda one: (bool(one.language), one.optional, one.name))
NOT_ITS_OWN = (LANGUAGE, OPTIONAL)
"""Labels by which the example may differ from what `make new-service` makes."""
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Have the manifests with one service more, in a namespace of its own."""
    return _with_service(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def added(checkout: Path) -> Manifests:
    """Return production with it, and with the components that open something."""
    return _render(checkout, "monitoring", "discovery-rbac")


@pytest.fixture(scope="module")
def optional(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Have the manifests with an optional service, and a component that brings it in."""
    checkout = _with_service(tmp_path_factory.mktemp("optional"), labels={OPTIONAL: "true"})
    component = checkout / "k8s/components" / NAME
    component.mkdir()
    target = {"labelSelector": f"{OPTIONAL}=true"}
    removal = [{"op": "remove", "path": "/metadata/labels/suite~1optional"}]
    patch = {"target": target, "patch": json.dumps(removal)}
    (component / "kustomization.yaml").write_text(COMPONENT + yaml.safe_dump({"patches": [patch]}))
    return checkout


def test_it_has_the_profile_of_production_and_no_demo_secret(added: Manifests) -> None:
    profiles = [_environment(deployment)["PROFILES_ACTIVE"] for deployment in _own(added)]
    assert profiles
    assert set(profiles) == {"prod"}
    assert list(added.of("Secret")) == []


def test_it_may_ask_about_tokens_and_is_reached_by_whom_its_policy_names(added: Manifests) -> None:
    own = {one for one in connections(added) if NAME in one[:2]}
    assert own == {
        (NAME, TOKENS.name, TOKENS.port),
        (NAME, "dns", 53),
        (NAME, "the API server", 6443),
        ("a client", NAME, EXAMPLE.port),
        ("monitoring", NAME, EXAMPLE.port + 10_000),
    }


def test_its_namespace_denies_what_no_policy_names(added: Manifests) -> None:
    forgotten = added.without(f"NetworkPolicy/{NAME}")
    assert {one for one in connections(forgotten) if NAME in one[:2]} == {(NAME, "dns", 53)}


def test_it_is_scraped_spread_guarded_and_hardened(added: Manifests) -> None:
    assert list(scrape_findings(added, frozenset(MANAGEMENT_PATHS))) == []
    assert list(deployment_selector_findings(added)) == []
    assert list(disruption_budget_findings(added)) == []
    assert list(service_account_findings(added)) == []
    assert all(pod_spec(deployment)["topologySpreadConstraints"] for deployment in _own(added))
    assert not [one for one in hardening_findings(added) if "a service account token" not in one]


def test_it_looks_names_up_as_the_others_do(added: Manifests) -> None:
    assert all(MODE in pod_spec(deployment)["containers"][0]["env"] for deployment in _own(added))


def test_the_catalogue_knows_it(checkout: Path) -> None:
    service = read(checkout)[NAME]
    assert (service.namespace, service.client_id) == (NAMESPACE, NAME)
    assert service.is_api


def test_an_optional_service_is_not_in_production(optional: Path) -> None:
    assert list(_own(_render(optional))) == []
    assert not [one for one in _render(optional).objects if NAME in json.dumps(one)]


def test_an_optional_service_comes_in_by_its_component(optional: Path) -> None:
    named = _render(optional, below="base", components=(NAME, "production"))
    assert {_environment(deployment)["PROFILES_ACTIVE"] for deployment in _own(named)} == {"prod"}
    assert list(named.of("Secret")) == []
    assert (NAME, TOKENS.name, TOKENS.port) in set(connections(named))


def _with_service(checkout: Path, labels: dict[str, str] | None = None) -> Path:
    """Copy the manifests, and add a service as the base has them, and its line in the base."""
    shutil.copytree(K8S, checkout / "k8s")
    base = checkout / "k8s/base"
    (base / NAME).mkdir()
    documents = [_labelled(document, labels or {}) for document in _documents(EXAMPLE)]
    (base / NAME / "all.yaml").write_text(yaml.safe_dump_all(documents))
    (base / NAME / "kustomization.yaml").write_text("resources: [all.yaml]\n")
    text = (base / f"namespaces/{TOKENS.namespace}.yaml").read_text()
    namespace = yaml.safe_load_all(text.replace(TOKENS.namespace, NAMESPACE))
    documents = [_labelled(document, labels or {}) for document in namespace]
    (base / f"namespaces/{NAMESPACE}.yaml").write_text(yaml.safe_dump_all(documents))
    with (base / "kustomization.yaml").open("a") as listed:
        listed.write(f"  - namespaces/{NAMESPACE}.yaml\n  - {NAME}\n")
    return checkout


def _documents(example: Service) -> Iterator[Manifest]:
    for document in deepcopy(example.documents):
        own: Manifest = json.loads(json.dumps(document).replace(example.name, NAME))
        own["metadata"]["namespace"] = NAMESPACE
        for label in NOT_ITS_OWN:
            own["metadata"].get("labels", {}).pop(label, None)
        if own["kind"] == "NetworkPolicy":
            own["spec"] |= _policy(example)
        yield own


def _policy(example: Service) -> dict[str, Any]:
    clients = {"namespaceSelector": {"matchLabels": {"suite/client": "true"}}}
    tokens = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": TOKENS.namespace}},
        "podSelector": {"matchLabels": {"app": TOKENS.name}},
    }
    ingress = {"from": [clients], "ports": [{"protocol": "TCP", "port": example.port}]}
    egress = {"to": [tokens], "ports": [{"protocol": "TCP", "port": TOKENS.port}]}
    return {"ingress": [ingress], "egress": [egress]}


def _labelled(document: Manifest, labels: dict[str, str]) -> Manifest:
    document["metadata"].setdefault("labels", {}).update(labels)
    return document


def _render(
    checkout: Path, *more: str, below: str = "overlays/prod", components: tuple[str, ...] = ()
) -> Manifests:
    overlay = checkout / "k8s/overlays/own"
    overlay.mkdir(exist_ok=True)
    listed = [f"../../components/{name}" for name in (*components, *more)]
    wanted = {"resources": [f"../../{below}"], "components": listed}
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump(wanted))
    return render(overlay)


def _own(manifests: Manifests) -> Iterator[Manifest]:
    return (one for one in manifests.of("Deployment") if pod_labels(one)["app"] == NAME)


def _environment(deployment: Manifest) -> dict[str, str]:
    container = pod_spec(deployment)["containers"][0]
    return {variable["name"]: variable.get("value", "") for variable in container["env"]}
