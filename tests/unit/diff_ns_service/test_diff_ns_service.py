"""diff-ns-service tells anyone its version, and callers with a token their identity."""

from collections.abc import AsyncIterator

import httpx
import pytest

from chassis import LiveConfig
from chassis.config import ConfigSource
from chassis.testing import app_client, bearer
from diff_ns_service.app import create_app
from diff_ns_service.settings import DiffNsSettings
from unit.rest_service.callers import known_tokens

pytestmark = pytest.mark.anyio


@pytest.fixture
async def diff_ns_service() -> AsyncIterator[httpx.AsyncClient]:
    arguments = {"release": "v2", "pod": "diff-ns-0", "security.path.ignores": "/getservicedetail"}
    live = LiveConfig.load(ConfigSource("diff-ns-service", arguments=arguments), DiffNsSettings)
    async with app_client(create_app(live, token_services=known_tokens())) as client:
        yield client


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
    response = await diff_ns_service.get("/api/detail", headers=bearer("alice"))
    assert response.json() == {
        "service": "diff-ns-service",
        "version": "v2",
        "pod": "diff-ns-0",
        "caller": "alice",
    }


@pytest.mark.parametrize(("headers", "status"), [({}, 401), (bearer("write-only-app"), 403)])
async def test_the_detail_needs_a_token_with_scope_read(
    diff_ns_service: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    response = await diff_ns_service.get("/api/detail", headers=headers)
    assert response.status_code == status
    assert response.json()["error"]
