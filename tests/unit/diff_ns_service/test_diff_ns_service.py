"""diff-ns-service tells anyone its version, and callers with a token their identity."""

import httpx
import pytest

from chassis.testing import Bearer, Serve, as_user
from diff_ns_service.app import create_app
from suitectl.catalogue import services

pytestmark = pytest.mark.anyio

SERVICE = services()["diff-ns-service"]


@pytest.fixture
async def diff_ns_service(serve: Serve) -> httpx.AsyncClient:
    return await _started(serve, "v2")


async def _started(serve: Serve, version: str) -> httpx.AsyncClient:
    """Start a version with the ConfigMap and the Secret of the base."""
    (config_map,), (secret,) = SERVICE.of("ConfigMap"), SERVICE.of("Secret")
    mounts = {"config": config_map["data"], "secrets": secret["stringData"]}
    return await serve(create_app, {"release": version, "pod": "diff-ns-0"}, **mounts)


async def test_each_version_of_the_base_greets_in_its_own_words_and_colour(serve: Serve) -> None:
    clients = [await _started(serve, version) for version in SERVICE.versions]
    seen = [(await client.get("/greeting")).json() for client in clients]
    assert [one["version"] for one in seen] == ["v1", "v2"]
    assert len({one["greeting"] for one in seen}) == len({one["colour"] for one in seen}) == 2


async def test_a_version_without_a_look_names_itself(serve: Serve) -> None:
    client = await _started(serve, "v9")
    response = await client.get("/greeting")
    assert response.json() == {
        "greeting": "Hello from v9",
        "colour": "grey",
        "version": "v9",
        "pod": "diff-ns-0",
    }


async def test_the_version_line_is_open_plain_text_and_names_the_pod(
    diff_ns_service: httpx.AsyncClient,
) -> None:
    response = await diff_ns_service.get("/getservicedetail?servicename=aaa")
    assert response.status_code == 200
    assert response.text == "diff-ns-service-v2"
    assert response.headers["Content-Type"].startswith("text/plain")
    assert response.headers["X-Pod-Name"] == "diff-ns-0"


async def test_the_detail_names_version_pod_and_caller(
    diff_ns_service: httpx.AsyncClient,
) -> None:
    response = await diff_ns_service.get("/api/detail", auth=as_user("alice", scopes="read"))
    assert response.json() == {
        "service": "diff-ns-service",
        "version": "v2",
        "pod": "diff-ns-0",
        "caller": "alice",
    }


@pytest.mark.parametrize(("auth", "status"), [(None, 401), (as_user("eve", scopes="write"), 403)])
async def test_the_detail_needs_a_token_with_scope_read(
    diff_ns_service: httpx.AsyncClient, auth: Bearer | None, status: int
) -> None:
    response = await diff_ns_service.get("/api/detail", auth=auth)
    assert response.status_code == status
    assert response.json()["error"]
