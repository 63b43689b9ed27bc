"""The network policies let through the calls of the design, and no other."""

from typing import Any

import pytest

from manifests.checks.network_policies import connections
from manifests.suite_manifests import REMOVED, Manifests

SERVICES = ("cas-server", "rest-service", "diff-ns-service")
CALLS = {
    ("rest-service", "cas-server", 2000),
    ("diff-ns-service", "cas-server", 2000),
    ("rest-service", "diff-ns-service", 2001),
    ("cas-server", "redis", 6379),
    ("redis", "redis", 6379),
    ("redis-sentinel", "redis", 6379),
    ("redis-sentinel", "redis-sentinel", 26379),
    ("redis", "redis-sentinel", 26379),
    ("cas-server", "redis-sentinel", 26379),
}
"""What the services ask of each other, and Redis of its own."""
FROM_OUTSIDE = {
    ("a client", "cas-server", 2000),
    ("a client", "rest-service", 2001),
    ("a client", "diff-ns-service", 2001),
    # Behind a node port, whose callers have no label; each call is checked by its token.
    ("a stranger", "rest-service", 2001),
    ("dns", "rest-service", 2001),
    ("the API server", "rest-service", 2001),
}
NAMES = {(app, "dns", 53) for app in (*SERVICES, "redis", "redis-sentinel")}


def test_the_calls_of_the_design_pass_and_no_other(prod: Manifests) -> None:
    assert set(connections(prod)) == CALLS | FROM_OUTSIDE | NAMES


@pytest.mark.parametrize(
    ("target", "path", "value", "difference"),
    [
        (
            "NetworkPolicy/cas-server",
            "spec.ingress.0.from",
            REMOVED,
            {(who, "cas-server", 2000) for who in ("a stranger", "dns", "the API server")},
        ),
        (
            "NetworkPolicy/rest-service",
            "spec.egress.1.ports.0.port",
            2002,
            {("rest-service", "diff-ns-service", 2001)},
        ),
        (
            "NetworkPolicy/diff-ns-service",
            "spec.egress.0.to.0.namespaceSelector",
            REMOVED,
            {("diff-ns-service", "cas-server", 2000)},
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
def test_a_call_that_is_opened_or_closed_is_found(
    prod: Manifests, target: str, path: str, value: Any, difference: set[tuple[str, str, int]]
) -> None:
    changed = set(connections(prod.changed(target, path, value)))
    assert changed ^ set(connections(prod)) == difference


def test_a_pod_without_a_policy_of_its_own_is_reached_by_nobody(prod: Manifests) -> None:
    forgotten = prod.without("NetworkPolicy/rest-service")
    assert not any(target == "rest-service" for _, target, _ in connections(forgotten))


def test_a_lost_deny_is_found(prod: Manifests) -> None:
    forgotten = prod.without("NetworkPolicy/rest-service").without("NetworkPolicy/default-deny")
    assert ("a stranger", "rest-service", 12001) in set(connections(forgotten))
