"""RFC 9110, 9.3.2: HEAD works like GET at every route of every service."""

import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from chassis.app.management import MANAGEMENT_PATHS
from eventually import PATIENCE_S
from sample_services import needs_chassis
from service_apps import SAMPLE, SAMPLE_PATH
from suitectl import catalogue
from three_services import ThreeServices, three_services

VARYING = frozenset({"traceresponse", "date", "set-cookie"})
"""A page sets its cookie where the browser has none, which the first of two requests changes."""


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreeServices]:
    with three_services(tmp_path_factory.mktemp("services")) as running:
        yield running


@pytest.fixture(params=list(catalogue.on_chassis()))
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_route_with_get_has_head(services: ThreeServices, service: str) -> None:
    bearer = {"Authorization": f"Bearer {services.token}"}
    with httpx.Client(
        base_url=services.urls[service], headers=bearer, timeout=PATIENCE_S
    ) as client:
        routes = [*_gets(client), "/openapi.json", "/nowhere"]
        assert len(routes) > 2
        for route in routes:
            _same(client, route)


def test_every_management_path_with_get_has_head(services: ThreeServices, service: str) -> None:
    with httpx.Client(base_url=services.management[service], timeout=PATIENCE_S) as client:
        for path in MANAGEMENT_PATHS:
            if path != "/metrics":  # its size changes between requests
                _same(client, path)
        assert client.head("/metrics").status_code == 200


@needs_chassis
def test_without_a_token_head_is_refused_like_get(services: ThreeServices) -> None:
    with httpx.Client(base_url=services.urls[SAMPLE], timeout=PATIENCE_S) as client:
        _same(client, SAMPLE_PATH)


def test_a_path_without_get_has_no_head(services: ThreeServices) -> None:
    url = services.urls["cas-server"]
    assert httpx.head(f"{url}/oauth/token").status_code == 405


@needs_chassis
def test_the_allow_header_lists_head_beside_get(services: ThreeServices) -> None:
    url, bearer = services.urls[SAMPLE], {"Authorization": f"Bearer {services.token}"}
    assert (
        httpx.post(f"{url}{SAMPLE_PATH}", headers=bearer, timeout=PATIENCE_S).headers["Allow"]
        == "GET, HEAD"
    )


@needs_chassis
def test_a_response_to_head_has_no_body_on_the_wire(services: ThreeServices) -> None:
    where = urlsplit(services.urls[SAMPLE])
    request = b"HEAD /greeting HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with socket.create_connection((where.hostname, where.port), timeout=PATIENCE_S) as peer:
        peer.sendall(request)
        received = b"".join(iter(lambda: peer.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 401 ")
    assert body == b""


def _gets(client: httpx.Client) -> list[str]:
    document: dict[str, Any] = client.get("/openapi.json").raise_for_status().json()
    return [
        path + _required(operations["get"])
        for path, operations in document["paths"].items()
        if "get" in operations
    ]


def _required(operation: dict[str, Any]) -> str:
    names = [each["name"] for each in operation.get("parameters", ()) if each.get("required")]
    return "?" + "&".join(f"{name}=aaa" for name in names) if names else ""


def _same(client: httpx.Client, path: str) -> None:
    got, head = client.get(path), client.head(path)
    assert head.content == b""
    assert head.status_code == got.status_code, path
    assert _headers(head) == _headers(got), path


def _headers(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in VARYING}
