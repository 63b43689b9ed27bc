"""External paths lead only to the routes for clients, over TLS."""

from collections.abc import Mapping
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from cas_server.app import create_app
from cas_server.settings import CasSettings
from chassis import LiveConfig
from manifests.checks.routes import (
    ALL,
    attachment_findings,
    encryption_findings,
    way_findings,
    ways,
)
from manifests.samples import VERSIONED, needs_weights
from manifests.suite_manifests import REMOVED, Manifests
from sample_services import has
from service_apps import module_of
from suitectl.catalogue import on_chassis, services

PUBLIC = {
    "/oauth/authorize",
    "/oauth/authorize/consent",
    "/login",
    "/logout",
    "/account",
    "/oauth/token",
    "/oauth/revoke",
    "/api/v1/user",
    "/oauth/jwks",
    "/userinfo",
    "/connect/logout",
    "/connect/logout/confirm",
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
}
"""Endpoints for clients. check_token and introspect are for resource servers in the cluster."""
EXPOSED = {
    *(("cas-server.example.com", path) for path in PUBLIC),
    *((f"{one.name}.example.com", ALL) for one in services().values() if has(one, "ingress")),
}
CANARY = {
    (f"{one.name}.example.com", ALL) for one in services().values() if has(one, "gateway-canary")
}
LAST = "spec.listeners.{}".format(
    sum(has(one, way) for one in services().values() for way in ("gateway-api", "gateway-canary"))
)
"""The listener that comes after those of cas-server and of the other services."""
INGRESS, ROUTE = "Ingress/cas-server", "HTTPRoute/cas-server"
WEIGHTED = f"HTTPRoute/{VERSIONED.name}"

Paths = Mapping[str, set[str]]


@pytest.fixture(scope="module")
def paths() -> Paths:
    """Return the API routes of each service."""
    return {
        "cas-server": set(create_app(LiveConfig.fixed(CasSettings())).openapi()["paths"]),
        **{
            api.name: _routes(module_of(api.name, "api").router)
            for api in on_chassis().values()
            if api.is_api
        },
    }


def _routes(router: APIRouter) -> set[str]:
    return {route.path for route in router.routes if isinstance(route, APIRoute)}


def test_ingress_and_gateway_expose_the_same_paths_and_no_more(
    everything: Manifests,
) -> None:
    by_ingress = {(w.host, w.path) for w in ways(everything) if w.by.startswith("Ingress/")}
    by_gateway = {(w.host, w.path) for w in ways(everything) if w.by.startswith("HTTPRoute/")}
    assert by_ingress == EXPOSED
    assert by_gateway == EXPOSED | CANARY


@needs_weights
def test_the_weights_are_split_between_the_two_versions(everything: Manifests) -> None:
    weighted = {way.service for way in ways(everything) if way.by == WEIGHTED}
    found = [everything.get("Service", name, VERSIONED.namespace) for name in sorted(weighted)]
    versions = [one and one["spec"]["selector"]["version"] for one in found]
    assert versions == list(VERSIONED.versions)


def test_every_external_path_leads_to_a_route_of_a_service(
    rendered: Manifests, paths: Paths
) -> None:
    assert list(way_findings(rendered, paths)) == []


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ((INGRESS, "spec.rules.0.http.paths.0.backend.service.name", "cas"), "no Service cas in"),
        ((INGRESS, "spec.rules.0.http.paths.0.backend.service.port.name", "api"), "no port api"),
        ((INGRESS, "spec.rules.0.http.paths.0.path", "/token"), "/token is not a route"),
        (
            (INGRESS, "spec.rules.0.http.paths.0.pathType", "Prefix"),
            "/oauth/authorize/* is not a route",
        ),
        ((ROUTE, "spec.rules.0.backendRefs.0.port", 12000), "no port 12000"),
        ((ROUTE, "spec.rules.0.matches.0.path.value", "/livez"), "/livez is not a route"),
        pytest.param(
            (WEIGHTED, "spec.rules.0.backendRefs.0.name", "v1"),
            f"no Service v1 in {VERSIONED.namespace}",
            marks=needs_weights,
        ),
    ],
)
def test_an_external_path_without_a_route_is_found(
    everything: Manifests, paths: Paths, change: tuple[str, str, Any], finding: str
) -> None:
    found = "\n".join(way_findings(everything.changed(*change), paths))
    assert found.startswith(change[0])
    assert finding in found


def test_no_host_is_served_without_tls(rendered: Manifests) -> None:
    assert list(encryption_findings(rendered)) == []


@pytest.mark.parametrize(
    ("target", "path", "value"),
    [
        (INGRESS, "spec.tls", REMOVED),
        (INGRESS, "spec.rules.0.host", REMOVED),
        ("Gateway/suite", "spec.listeners.0.protocol", "HTTP"),
        ("Gateway/suite", f"{LAST}.tls", REMOVED),
    ],
)
def test_a_host_without_tls_is_found(
    everything: Manifests, target: str, path: str, value: Any
) -> None:
    (finding,) = encryption_findings(everything.changed(target, path, value))
    assert finding.startswith(f"{target}: no TLS for")


def test_every_route_is_attached_to_a_listener(everything: Manifests) -> None:
    assert list(attachment_findings(everything)) == []


@pytest.mark.parametrize(
    ("target", "path", "value", "lost"),
    [
        (ROUTE, "spec.parentRefs.0.name", "another", ROUTE),
        (ROUTE, "spec.parentRefs.0.sectionName", "https", ROUTE),
        pytest.param(
            WEIGHTED, "spec.parentRefs.0.namespace", REMOVED, WEIGHTED, marks=needs_weights
        ),
        pytest.param(
            "Gateway/suite", f"{LAST}.allowedRoutes", REMOVED, WEIGHTED, marks=needs_weights
        ),
    ],
)
def test_a_route_that_no_listener_accepts_is_found(
    everything: Manifests, target: str, path: str, value: Any, lost: str
) -> None:
    changed = everything.changed(target, path, value)
    assert list(attachment_findings(changed)) == [f"{lost}: attached to no listener"]
