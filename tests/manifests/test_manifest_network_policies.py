"""The network policies allow exactly the designed calls."""

from typing import Any

import pytest

from manifests.checks.network_policies import connections
from manifests.renderings import Rendering, renderings
from manifests.samples import API, PRODUCTION, VERSIONED
from manifests.suite_manifests import K8S, REMOVED, Manifests
from sample_services import is_outside, needs_demo
from service_apps import called_by
from suitectl.catalogue import token_service

RENDERINGS = renderings()
COMPONENTS = [name.removeprefix("prod+") for name in RENDERINGS if name.startswith("prod+")]
COMPONENTS.remove("all")

TOKENS = token_service()
APIS = tuple(service for service in PRODUCTION if service.is_api)
CALLS = {
    *((api.name, TOKENS.name, TOKENS.port) for api in APIS),
    *(
        (api.name, other.name, other.port)
        for api in APIS
        for other in APIS
        if other.service in called_by(api.name)
    ),
    ("cas-server", "redis", 6379),
    ("redis", "redis", 6379),
    ("redis-sentinel", "redis", 6379),
    ("redis-sentinel", "redis-sentinel", 26379),
    ("redis", "redis-sentinel", 26379),
    ("cas-server", "redis-sentinel", 26379),
}
"""The calls between services, as their code makes them, and within Redis."""
UNLABELLED = ("a stranger", "dns", "ingress", "monitoring", "the API server")
FROM_OUTSIDE = {
    *(("a client", service.name, service.port) for service in PRODUCTION),
    # Callers of a node port have no labels. The service checks the token of each call.
    *((anyone, API.name, API.port) for anyone in UNLABELLED if is_outside(API)),
}
OPENED = {
    "ingress-policy": {("ingress", "cas-server", 2000)},
    "ingress": {("ingress", "cas-server", 2000)},
    "gateway-api": {("ingress", "cas-server", 2000)},
    "discovery-rbac": {(api.name, "the API server", 6443) for api in APIS},
    "gateway-canary": {("ingress", VERSIONED.name, VERSIONED.port)},
    "monitoring": {("monitoring", service.name, service.port + 10_000) for service in PRODUCTION},
}
"""The connections that components add. Other components add none."""
NAMES = {(app, "dns", 53) for app in (*(one.name for one in PRODUCTION), "redis", "redis-sentinel")}


def test_exactly_the_designed_calls_are_allowed(prod: Manifests) -> None:
    assert set(connections(prod)) == CALLS | FROM_OUTSIDE | NAMES


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_allows_only_its_own_calls(prod: Manifests, component: str) -> None:
    with_it = RENDERINGS[f"prod+{component}"].render()
    assert set(connections(with_it)) ^ set(connections(prod)) == OPENED.get(component, set())


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_denies_no_call_without_a_default_deny(component: str) -> None:
    open_to_all = Rendering(K8S / "overlays/dev")
    with_it = Rendering(open_to_all.below, (component,)).render()
    assert set(connections(open_to_all.render())) <= set(connections(with_it))


@needs_demo
@pytest.mark.parametrize(
    ("target", "path", "value", "difference"),
    [
        (
            "NetworkPolicy/cas-server",
            "spec.ingress.0.from",
            REMOVED,
            {(anyone, "cas-server", 2000) for anyone in UNLABELLED},
        ),
        (
            f"NetworkPolicy/{API.name}",
            "spec.egress.1.ports.0.port",
            2002,
            {(API.name, VERSIONED.name, VERSIONED.port)},
        ),
        (
            f"NetworkPolicy/{VERSIONED.name}",
            "spec.egress.0.to.0.namespaceSelector",
            REMOVED,
            {(VERSIONED.name, TOKENS.name, TOKENS.port)},
        ),
        (
            "NetworkPolicy/redis",
            "spec.ingress.0.ports.0.port",
            6380,
            {
                ("cas-server", "redis", 6379),
                ("redis", "redis", 6379),
                ("redis-sentinel", "redis", 6379),
            },
        ),
    ],
)
def test_a_newly_allowed_or_denied_call_is_found(
    prod: Manifests, target: str, path: str, value: Any, difference: set[tuple[str, str, int]]
) -> None:
    changed = set(connections(prod.changed(target, path, value)))
    assert changed ^ set(connections(prod)) == difference


def test_a_pod_without_its_own_policy_is_unreachable(prod: Manifests) -> None:
    forgotten = _without_policies_for(prod, API.name)
    assert not any(target == API.name for _, target, _ in connections(forgotten))


def test_a_missing_default_deny_is_found(prod: Manifests) -> None:
    forgotten = _without_policies_for(prod, API.name).without("NetworkPolicy/default-deny")
    assert ("a stranger", API.name, API.port + 10_000) in set(connections(forgotten))


def _without_policies_for(manifests: Manifests, app: str) -> Manifests:
    """Forget the policies for a service, those of its callers included."""
    pods = {"matchLabels": {"app": app}}
    left = (one for one in manifests.objects if one.get("spec", {}).get("podSelector") != pods)
    return Manifests(tuple(left))
