"""diff-ns-service tells anyone its version, and callers with a token their identity."""

import httpx
import pytest

from chassis.testing import Bearer, Serve, as_user
from diff_ns_service.app import create_app

pytestmark = pytest.mark.anyio


@pytest.fixture
async def diff_ns_service(serve: Serve) -> httpx.AsyncClient:
    settings = {
        "release": "v2",
        "pod": "diff-ns-0",
        "security.path.ignores": "/getservicedetail",
    }
    return await serve(create_app, settings)


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
