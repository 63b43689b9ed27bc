"""In production it is there where its component is named, and then as any other service."""

import pytest

from manifests.checks.hardening import hardening_findings, service_account_findings
from manifests.checks.network_policies import connections
from manifests.checks.selectors import disruption_budget_findings
from manifests.suite_manifests import K8S, Manifests, composed, pod_labels, pod_spec, render
from service_apps import called_by
from suitectl.catalogue import apis, services

NAME, CALLER = "go-service", "rest-service"
needs_caller = pytest.mark.skipif(CALLER not in services(), reason="nobody is there to call back")


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Manifests:
    """Return production with the component, which comes before that of production."""
    return composed(K8S / "base", ["in-production", "production"], tmp_path_factory.mktemp("named"))


def test_production_has_none_of_it() -> None:
    production = render(K8S / "overlays/prod")
    assert not [one for one in production.objects if NAME in one["metadata"]["name"]]


def test_named_it_runs_under_prod_without_the_demo_secret(named: Manifests) -> None:
    (deployment,) = (one for one in named.of("Deployment") if pod_labels(one)["app"] == NAME)
    first = pod_spec(deployment)["containers"][0]["env"][0]
    assert first == {"name": "PROFILES_ACTIVE", "value": "prod"}
    assert list(named.of("Secret")) == []
    assert list(hardening_findings(named)) == []
    assert list(service_account_findings(named)) == []
    assert list(disruption_budget_findings(named)) == []


@needs_caller
def test_its_policy_allows_what_it_does_and_who_calls_it(named: Manifests) -> None:
    own = {one for one in connections(named) if NAME in one[:2]}
    token_service = "cas-server"
    others = {(NAME, token_service, 2000), (NAME, "dns", 53), ("a client", NAME, 2001)}
    service = services()[NAME].service
    callers = {(one.name, NAME, 2001) for one in apis() if service in called_by(one.name)}
    assert (CALLER, NAME, 2001) in callers
    assert own == others | callers | {(NAME, CALLER, 2001)}


@needs_caller
def test_what_it_calls_is_there() -> None:
    assert called_by(NAME) == {"cas-server-service", "rest-service-service"}
    assert services()[CALLER].namespace == services()[NAME].namespace
