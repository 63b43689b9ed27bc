"""Each service's OpenAPI document declares exactly the errors that it sends.

This covers all services in `services/`, each with its ConfigMap. Successes, and errors that need
a running Redis, are in `tests/integration/cas_server/test_declared_responses.py`.
"""

import asyncio
import importlib
import inspect
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import httpx
import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
import yaml
from fastapi import FastAPI
from starlette.types import Message, Scope

from chassis import Authentication, LiveConfig
from chassis.config import ConfigSource
from chassis.errors import InvalidToken, TemporarilyUnavailable
from chassis.testing import bearer, served
from suitectl.catalogue import on_chassis

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
SERVICES = sorted(path.parents[2].name for path in ROOT.glob("services/*/src/*/app.py"))
ARGUMENTS = {
    "spring.data.redis.host": "127.0.0.1",
    "spring.data.redis.port": "1",
    "discovery.mode": "static",
    "server.limit-concurrency": "1",
    "security.oauth2.client.client-secret": "secret",
}
"""There is no Redis, no other service, and one request at a time."""
BIG = b"a" * 2_000_000
PROVOKED = ("400", "401", "403", "413", "503")
ELSEWHERE = {
    ("/account", "403"),
    ("/login", "401"),
    ("/logout", "403"),
    ("/oauth/authorize/consent", "403"),
    ("/admin/v1/consents", "403"),
    ("/admin/v1/families", "403"),
    ("/admin/v1/families/{family}", "403"),
    ("/admin/v1/holders", "403"),
    ("/admin/v1/keys", "403"),
    ("/admin/v1/keys/rotate", "403"),
    ("/admin/v1/sessions", "403"),
    ("/admin/v1/sessions/{session}", "403"),
    ("/admin/v1/tokens", "403"),
    ("/admin/v1/tokens/{token}", "403"),
    ("/api/detail/go", "403"),
    ("/api/detail/own", "403"),
    ("/api/detail/relayed", "403"),
    ("/api/v1/user", "403"),
    ("/connect/logout", "400"),
    ("/connect/logout/confirm", "403"),
    ("/oauth/check_token", "403"),
    ("/oauth/introspect", "403"),
    ("/oauth/token", "401"),
    ("/userinfo", "403"),
}
"""Tests with a Redis or the other service provoke these. Here the response is 503 before."""


@dataclass(frozen=True)
class Tokens:
    """Knows a caller without rights. Any other token selects an outcome by its text."""

    async def authenticate(self, token: str) -> Authentication:
        if token == "powerless":
            return Authentication(client_id="app")
        raise TemporarilyUnavailable if token == "outage" else InvalidToken

    async def aclose(self) -> None:
        """Close nothing."""


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    described: dict[str, Any]

    @property
    def responses(self) -> dict[str, Any]:
        return dict(self.described["responses"])


@pytest.fixture(params=SERVICES)
def app(request: pytest.FixtureRequest, tmp_path: Path) -> FastAPI:
    """Build a service as its process does, with these token services if it accepts any."""
    name = request.param
    build = importlib.import_module(f"{name.replace('-', '_')}.app").create_app
    (settings,) = get_args(get_type_hints(build)["live"])
    manifest = yaml.safe_load((ROOT / "k8s" / "base" / name / "configmap.yaml").read_text())
    for file, text in manifest["data"].items():
        (tmp_path / file).write_text(text)
    arguments = {**ARGUMENTS, "discovery.table": str(tmp_path / "nobody")}
    (tmp_path / "nobody").write_text("{}")
    live = LiveConfig.load(ConfigSource(name, config_dir=tmp_path, arguments=arguments), settings)
    takes_tokens = "token_services" in inspect.signature(build).parameters
    built: FastAPI = build(live, **({"token_services": Tokens()} if takes_tokens else {}))
    return built


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with served(app) as client:
        yield client


def operations(app: FastAPI) -> Iterator[Operation]:
    for path, methods in app.openapi()["paths"].items():
        for method, described in methods.items():
            yield Operation(method, path, described)


@asynccontextmanager
async def one_request_under_way(app: FastAPI) -> AsyncIterator[None]:
    """Send a request whose response the caller does not read, during the block."""
    began = asyncio.Event()

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(_: Message) -> None:
        began.set()
        await asyncio.Event().wait()

    fields: Scope = {"method": "GET", "query_string": b"", "headers": [], "client": None}
    scope: Scope = {"type": "http", "path": "/nowhere", "raw_path": b"/nowhere", **fields}
    held = asyncio.ensure_future(app(scope, receive, send))
    await began.wait()
    yield
    held.cancel()
    with suppress(asyncio.CancelledError):
        await held


async def provoked(
    app: FastAPI, client: httpx.AsyncClient, operation: Operation
) -> list[httpx.Response]:
    """Return the responses to common mistakes."""

    async def send(*, path: str = operation.path, **options: Any) -> httpx.Response:
        return await client.request(operation.method, path, **options)

    responses = [
        await send(),
        await send(path=f"{operation.path}?access_token=a"),
        await send(headers=[("Authorization", "Bearer a"), ("Authorization", "Bearer b")]),
        *[await send(headers=bearer(token)) for token in ("powerless", "revoked", "outage")],
    ]
    if "requestBody" in operation.described:
        (media_type,) = operation.described["requestBody"]["content"]
        own = {"Content-Type": media_type, **bearer("powerless")}
        responses += [await send(content=body, headers=own) for body in (b"{", BIG)]
    async with one_request_under_way(app):
        return [*responses, await send()]


def test_services_are_found() -> None:
    assert set(on_chassis()) == set(SERVICES)


async def test_every_provoked_error_matches_its_declaration(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    for operation in operations(app):
        for response in await provoked(app, client, operation):
            status = str(response.status_code)
            where = (operation.method, operation.path, status, response.text)
            assert status in operation.responses, where
            if response.is_error:
                declared = operation.responses[status]
                schema = declared["content"]["application/json"]["schema"]
                jsonschema.validate(response.json(), schema)
                assert [h for h in declared["headers"] if h not in response.headers] == [], where


async def test_each_declared_error_can_be_provoked(app: FastAPI, client: httpx.AsyncClient) -> None:
    for operation in operations(app):
        seen = {str(response.status_code) for response in await provoked(app, client, operation)}
        declared = operation.responses.keys() & PROVOKED
        unseen = {(operation.path, status) for status in declared - seen}
        # The refusal of a service that is called: tested by the own tests of a service made here.
        relayed = {one for one in unseen if re.fullmatch(r"/api/calls/\S+", one[0])}
        assert {status for _, status in relayed} <= {"403"}
        assert unseen - relayed <= ELSEWHERE


def test_all_errors_have_the_same_schema(app: FastAPI) -> None:
    assert "HTTPValidationError" not in app.openapi().get("components", {}).get("schemas", {})
    for operation in operations(app):
        assert "422" not in operation.responses
        for status, response in operation.responses.items():
            if status >= "400":
                schema = response["content"]["application/json"]["schema"]
                assert schema["required"] == ["error", "error_description"]
                assert schema["properties"]["error"]["enum"]


def test_operation_ids_are_short_and_unique(app: FastAPI) -> None:
    ids = Counter(operation.described["operationId"] for operation in operations(app))
    assert set(ids.values()) == {1}
    # The template names an endpoint that calls a service by that service.
    own = [name for name in ids if not re.fullmatch(r"call_[a-z0-9_]{1,50}", name)]
    assert [name for name in own if not re.fullmatch(r"[a-z_]{2,20}", name)] == []


def test_a_path_that_no_pattern_opens_declares_bearer_security(app: FastAPI) -> None:
    for operation in operations(app):
        if "401" in operation.responses:
            assert operation.described["security"], operation.path
