"""docs/design/decisions/signing-keys.md: keys are rotated under load, and no request fails."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from cas_server.app import create_app
from cas_server.signing import signing_keys
from chassis import LiveConfig, ServiceSettings, TokenServices
from chassis.client import ServiceClients
from chassis.errors import ApiError
from chassis.jwt.compact import read_jwt
from chassis.jwt.keys import private_key
from chassis.testing import ConfigDirectory, served
from chassis.token_services import key_set
from chassis.token_services.modes import create_token_services
from eventually import PATIENCE_S
from integration.cas_server.world import BASIC
from integration.suitectl.rotating import InTurn
from jwts import ISSUER
from redis_process import store
from signing_keys import OLD, TO_COME, key_file, pem

pytestmark = pytest.mark.anyio
TO_COME_S = 32_472_144_000.0
"""The time of `TO_COME`."""


@dataclass
class Clock:
    """The clock by which keys begin to sign."""

    now: float

    def time(self) -> float:
        return self.now


@dataclass
class Suite:
    """Two replicas with a mount each, and a service that verifies their tokens."""

    mounts: list[ConfigDirectory]
    files: dict[str, str]
    urls: tuple[str, ...]
    clients: ServiceClients
    services: TokenServices

    def mount(self, number: int) -> None:
        self.mounts[number].swap(self.files)

    async def token(self) -> str:
        self.clients.own_tokens.clear()
        return (await self.clients.own_tokens.get()).value


@pytest.fixture
async def suite(redis: int, identities: dict[str, Any], tmp_path: Path) -> AsyncIterator[Suite]:
    identities["clients"]["order-service"]["token-format"] = "jwt"
    files = {"identities.yaml": yaml.safe_dump(identities), **key_file(OLD)}
    mounts = [ConfigDirectory(tmp_path / str(number), files) for number in range(2)]
    settings = ServiceSettings(
        security={
            "oauth2": {
                "client": {
                    "client_id": "order-service",
                    "client_secret": BASIC["order-service"],
                    "access_token_uri": "http://cas-server-service/oauth/token",
                },
                "resource": {
                    "id": "order-service",
                    "jwk": {"key_set_uri": "http://cas-server-service/oauth/jwks"},
                    "jwt": {"issuer": ISSUER},
                    "token_mode": "jwt",
                    "cache_ttl": 0,
                    "negative_cache_ttl": 0,
                },
            }
        }
    )
    live = LiveConfig.fixed(settings)
    async with AsyncExitStack() as stack:
        serving = [served(create_app, store(redis), secrets=one, http=True) for one in mounts]
        running = [await stack.enter_async_context(one) for one in serving]
        urls = tuple(one.url for one in running)
        discovery = InTurn(urls)
        clients = await stack.enter_async_context(ServiceClients(live, discovery=discovery))
        services = create_token_services(live, clients)
        yield Suite(mounts, files, urls, clients, services)
        await services.aclose()


@asynccontextmanager
async def load(suite: Suite) -> AsyncIterator[Counter[str]]:
    """Issue tokens and verify them continuously, the earliest ones again and again."""
    seen: Counter[str] = Counter()
    issued: list[str] = []
    ended = asyncio.Event()

    async def work() -> None:
        while not ended.is_set():
            try:
                token = await suite.token()
                issued.append(token)
                for one in (token, issued[0]):
                    await suite.services.authenticate(one)
                seen[read_jwt(token).key_id] += 1
            except ApiError as error:
                seen[f"failed: {error}"] += 1

    async with asyncio.TaskGroup() as workers:
        for _ in range(3):
            workers.create_task(work())
        try:
            yield seen
        finally:
            ended.set()


async def until(seen: Counter[str], key_id: str, count: int = 30) -> None:
    goal = seen[key_id] + count
    async with asyncio.timeout(PATIENCE_S):
        while seen[key_id] < goal:  # noqa: ASYNC110 - waits for the load
            await asyncio.sleep(0.02)


async def published(suite: Suite, number: int, key_id: str) -> None:
    """Return once a replica publishes a key."""
    async with (
        httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as http,
        asyncio.timeout(PATIENCE_S),
    ):
        while True:
            if key_id in (await http.get(suite.urls[number] + "/oauth/jwks")).text:
                return
            await asyncio.sleep(0.02)


async def test_a_rotation_fails_no_request_whenever_a_replica_gets_the_new_key(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service renews its keys at once here, which takes it two minutes in a cluster."""
    clock = Clock(time.time())
    monkeypatch.setattr(signing_keys, "time", clock)
    monkeypatch.setattr(key_set, "PAUSE_S", 0.0)
    old, new = private_key(pem()).id, private_key(pem(number=1)).id
    async with load(suite) as seen:
        await until(seen, old)
        suite.files |= key_file(TO_COME, number=1)
        suite.mount(0)
        await published(suite, 0, new)
        await until(seen, old)
        suite.mount(1)
        await published(suite, 1, new)
        await until(seen, old)
        clock.now = TO_COME_S
        await until(seen, new)
    assert [what for what in seen if what not in {old, new}] == []


async def test_a_service_that_starts_during_a_rotation_verifies_both(suite: Suite) -> None:
    before = await suite.token()
    suite.files |= key_file("20210101T000000Z", number=1)
    for number in (0, 1):
        suite.mount(number)
    while read_jwt(after := await suite.token()).key_id != private_key(pem(number=1)).id:
        pass
    for token in (before, after):
        assert (await suite.services.authenticate(token)).client_id == "order-service"
