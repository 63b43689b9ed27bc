"""The network policies allow exactly the designed calls."""

from collections.abc import Iterator
from typing import Any

import pytest

from manifests.checks.network_policies import connections
from manifests.renderings import Rendering, renderings
from manifests.samples import API, PRODUCTION, VERSIONED, needs_production
from manifests.suite_manifests import K8S, REMOVED, Manifests, title
from sample_services import is_outside
from service_apps import called_by
from suitectl.catalogue import services, token_service

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
Change = tuple[str, str, Any, set[tuple[str, str, int]]]
"""What is changed: object, path and value; and the connections that this opens or closes."""
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


def _denied() -> Iterator[Change]:
    """Yield each rule by which a service calls another, for a wrong port or namespace."""
    for api in APIS:
        policy = next(p for p in api.of("NetworkPolicy") if p["metadata"]["name"] == api.name)
        for number, rule in enumerate(policy["spec"]["egress"]):
            (peer,), (port,) = rule["to"], rule["ports"]
            callee = services()[peer["podSelector"]["matchLabels"]["app"]]
            if callee not in PRODUCTION:
                continue
            call = {(api.name, callee.name, port["port"])}
            yield title(policy), f"spec.egress.{number}.ports.0.port", 2999, call
            if callee.namespace != api.namespace:
                path = f"spec.egress.{number}.to.0.namespaceSelector"
                yield title(policy), path, REMOVED, call


@pytest.mark.parametrize(
    ("target", "path", "value", "difference"),
    [
        (
            "NetworkPolicy/cas-server",
            "spec.ingress.0.from",
            REMOVED,
            {(anyone, "cas-server", 2000) for anyone in UNLABELLED},
        ),
        *_denied(),
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


@needs_production
def test_a_pod_without_its_own_policy_is_unreachable(prod: Manifests) -> None:
    forgotten = _without_policies_for(prod, API.name)
    assert not any(target == API.name for _, target, _ in connections(forgotten))


@needs_production
def test_a_missing_default_deny_is_found(prod: Manifests) -> None:
    forgotten = _without_policies_for(prod, API.name).without("NetworkPolicy/default-deny")
    assert ("a stranger", API.name, API.port + 10_000) in set(connections(forgotten))


def _without_policies_for(manifests: Manifests, app: str) -> Manifests:
    """Forget the policies for a service, those of its callers included."""
    pods = {"matchLabels": {"app": app}}
    left = (one for one in manifests.objects if one.get("spec", {}).get("podSelector") != pods)
    return Manifests(tuple(left))
